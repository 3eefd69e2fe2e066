"""Plugins on the site's shelves, published as publishers publish them."""

from typing import Any

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
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
    "id": "shelf.links",
    "name": "Link checker",
    "kind": "tool",
    "categories": ["web", "testing"],
    "description": "Finds links that lead nowhere, and says which page holds them",
    "homepage": "https://acme.example/links",
    "repository": "https://acme.example/links.git",
}
ICON = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<path d="M2 2h12v12H2z" fill="#3450c8"/></svg>"""
SECRETS = {"names": ["LINKS_KEY"], "reason": "signs in to private pages"}
SHELF: tuple[tuple[dict[str, Any], dict[str, bytes]], ...] = (
    ({**LINKS, "version": "1.2.0", "permissions": {"network": NETWORK}}, {"README.md": README}),
    (
        {**LINKS, "version": "1.3.0", "permissions": {"network": NETWORK, "secrets": SECRETS}},
        {"README.md": README, "CHANGELOG.md": CHANGELOG, "icon.svg": ICON},
    ),
    ({**LINKS, "version": "2.0.0-beta.1"}, {}),
    (
        {
            "id": "shelf.summarise",
            "name": "Summarise",
            "kind": "agent",
            "categories": ["documents", "language"],
            "description": "Shortens long texts to what they say, and names the sentences that it rests on",
        },
        {},
    ),
    (
        {
            "id": "shelf.table",
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
            "id": "shelf.newest",
            "name": "Only for the next AEI",
            "categories": ["operations"],
            "description": "Supports AEI 3 and nothing before",
            "compatibility": {"aei": "^3.0.0"},
        },
        {},
    ),
    (
        {
            "id": "shelf.calm",
            "name": "Calm",
            "categories": ["security"],
            "description": '<script>alert(1)</script> & "quotes"',
        },
        {"README.md": HOSTILE_README.encode()},
    ),
)


async def fill(site: Site) -> None:
    """Publish all of it, as a publisher of its own: what other tests see of acme stays as they made it."""
    async with site.deps.works.system("tests") as work:
        tenant = await accounts.create_tenant(work, "shelf", "Shelf Works")
    await site.add_person("shopkeeper", "Karl Keeper", "Admin", tenant)
    keeper = await accounts.actor_for(site.deps.works, site.people["shopkeeper"].id, tenant)
    for overrides, files in SHELF:
        asked = overrides.get("permissions", {})
        imports = tuple({"network": "http", "secrets": "secrets"}[name] for name in asked)
        package = make_package(overrides, wat=component_wat(imports=imports), files=files)
        await publish_listed(site.deps, keeper, package=package)
    lines = ["name\tsummary\trank", *(f"walk-{n}\tWalks the {n}th way\t{n}" for n in range(1, 41))]
    await catalog.load_listings(site.deps.works, tenant, lines, 40, lambda _: None)
