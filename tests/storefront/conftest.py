"""A marketplace with a few plugins, and a browser's way to its pages."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Works
from tests.builders import Tenant, make_tenant
from tests.packages import component_wat, make_package
from tests.publishing import publish_listed
from tests.serving import Answer, Client, serving

PAGE = {"Accept": "text/html"}
NETWORK = {"network": {"hosts": ["api.acme.example"], "reason": "asks each link"}}
SHELF: tuple[dict[str, Any], ...] = (
    {"id": "acme.links", "name": "Link checker", "categories": ["web"], "permissions": NETWORK},
    {"id": "acme.summarise", "name": "Summarise", "kind": "agent", "categories": ["writing"]},
    {"id": "acme.table", "name": "Table to text", "kind": "agent", "categories": ["writing", "data"]},
)


@pytest.fixture
async def acme(works: Works) -> Tenant:
    return await make_tenant(works, "acme")


@pytest.fixture
async def globex(works: Works) -> Tenant:
    return await make_tenant(works, "globex")


@pytest.fixture
async def shelf(deps: Deps, acme: Tenant) -> None:
    """Three plugins of acme, and a private one."""
    for overrides in SHELF:
        imports = ("http",) if "permissions" in overrides else ()
        package = make_package(overrides, wat=component_wat(imports=imports))
        await publish_listed(deps, acme.manager, package=package)
    await publish_listed(deps, acme.manager, {"id": "acme.hush", "name": "Hush"}, visibility="private")


@pytest.fixture
async def client(deps: Deps, urls: DatabaseUrls, shelf: None) -> AsyncIterator[Client]:
    """A client of the whole application, begun when the shelf is full: its index holds all of it."""
    from aei_marketplace.app import create_app

    async with serving(create_app(deps, urls.app)) as client:
        yield client


async def look(client: Client, path: str, token: str | None = None, **headers: str) -> Answer:
    """Ask for a page as a browser does; redirects are shown, not followed."""
    return await client.get(path, token, headers={**PAGE, **headers}, allow_redirects=False)


def text_of(answer: Answer) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.body.decode())).split())


def cards_of(answer: Answer) -> list[str]:
    """The ids of the plugins that a page shows, in order."""
    return re.findall(r'aria-labelledby="card-([^"]+)"', answer.body.decode())


def tiles_of(answer: Answer) -> list[str]:
    """The ids of the plugins in curated sections, in order; their links are counted."""
    return re.findall(r'href="/marketplace/c/[a-z0-9-]+/([^"]+)"', answer.body.decode())


def link_to(answer: Answer, words: str) -> str:
    """Where the first link leads whose words contain these."""
    for href, inside in re.findall(r'<a[^>]*? href="([^"]*)"[^>]*>(.*?)</a>', answer.body.decode(), re.S):
        if words in " ".join(unescape(re.sub(r"<[^>]*>", " ", inside)).split()):
            return unescape(href)
    raise AssertionError(f"no link says {words!r}")
