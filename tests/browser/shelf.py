"""Plugins on the site's shelves, published as publishers publish them."""

from typing import Any

from tests.browser.site import Site
from tests.packages import component_wat, make_package
from tests.publishing import publish_listed

README = b"""# Link checker

Finds links that lead nowhere, and says which page holds them.

## What it does

1. Reads the pages that you name.
2. Asks each link **once**, however often it stands there.
3. Gives a table of those that failed.

| Answer | Means |
|--------|-------|
| 404    | gone  |
| 5xx    | try later |

```json
{"pages": ["https://acme.example/docs"]}
```

> It follows no redirect to another host.

See the [documentation](https://acme.example/link-checker) or [the notes](docs/notes.md).
![A table of links](table.png)
"""
CHANGELOG = b"""# Changelog

## 1.3.0

- Asks each link once.

## 1.2.0

- Gives a table.
"""
#: What a README must not be able to do. The hostile character is written as an entity, too.
HOSTILE_README = """# Calm

<script>document.title = "owned"</script><img src="https://elsewhere.example/x.png" onerror="alert(1)">
[run](javascript:alert(1)) [data](data:text/html,x) ![pixel](https://elsewhere.example/pixel.png)
\x1b[31mred\x1b[0m &#x202E;txt.exe \N{RIGHT-TO-LEFT OVERRIDE}gnp.exe

###### Six

[](https://acme.example/)

#
"""
NETWORK = {
    "hosts": ["api.acme.example", "www.acme.example:8443"],
    "reason": "asks each link whether it is there",
}
LINKS = {
    "id": "acme.links",
    "name": "Link checker",
    "kind": "tool",
    "categories": ["web", "testing"],
    "description": "Finds links that lead nowhere, and says which page holds them",
    "homepage": "https://acme.example/links",
    "repository": "https://acme.example/links.git",
}
SECRETS = {"names": ["LINKS_KEY"], "reason": "signs in to private pages"}
SHELF: tuple[tuple[dict[str, Any], dict[str, bytes]], ...] = (
    ({**LINKS, "version": "1.2.0", "permissions": {"network": NETWORK}}, {"README.md": README}),
    (
        {**LINKS, "version": "1.3.0", "permissions": {"network": NETWORK, "secrets": SECRETS}},
        {"README.md": README, "CHANGELOG.md": CHANGELOG},
    ),
    ({**LINKS, "version": "2.0.0-beta.1"}, {}),
    (
        {
            "id": "acme.summarise",
            "name": "Summarise",
            "kind": "agent",
            "categories": ["documents", "language"],
            "description": "Shortens long texts to what they say, and names the sentences that it rests on",
        },
        {},
    ),
    (
        {
            "id": "acme.table",
            "name": "Table to text",
            "kind": "agent",
            "categories": ["documents", "analysis"],
            "description": "Tells in sentences what a table says",
            "pricing": {
                "model": "subscription",
                "currency": "USD",
                "amount_minor": 900,
                "per": "month",
                "trial": {"days": 14},
            },
        },
        {},
    ),
    (
        {
            "id": "acme.newest",
            "name": "Only for the next AEI",
            "categories": ["operations"],
            "description": "Supports AEI 3 and nothing before",
            "compatibility": {"aei": "^3.0.0"},
        },
        {},
    ),
    (
        {
            "id": "acme.calm",
            "name": "Calm",
            "categories": ["security"],
            "description": '<script>alert(1)</script> & "quotes"',
        },
        {"README.md": HOSTILE_README.encode()},
    ),
)


async def fill(site: Site) -> None:
    """Publish the shelf as acme."""
    admin = await _actor(site, "admin")
    for overrides, files in SHELF:
        asked = overrides.get("permissions", {})
        imports = tuple({"network": "http", "secrets": "secrets"}[name] for name in asked)
        package = make_package(overrides, wat=component_wat(imports=imports), files=files)
        await publish_listed(site.deps, admin, package=package)


async def _actor(site: Site, who: str) -> Any:
    from aei_marketplace.accounts import service as accounts

    person = site.people[who]
    return await accounts.actor_for(site.deps.works, person.id, person.tenant)
