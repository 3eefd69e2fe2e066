"""A plugin's page: what it is, what it may touch, who made it, and how to check that."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import PluginView, ReleaseView
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.rules.actions import PluginAction
from aei_marketplace.storefront.rules.cards import Card, card_of
from aei_marketplace.storefront.rules.choices import Choice, choices_of
from aei_marketplace.storefront.rules.markdown import Rendered, render_markdown
from aei_marketplace.storefront.rules.permissions import Sentence, brief, sentences, together
from aei_marketplace.storefront.rules.prices import price_of, trial_of
from aei_marketplace.web.requests import TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

LISTING = "/marketplace/{plugin_id}"
OVERVIEW, VERSIONS, PERMISSIONS, DEPENDENCIES, PROOF = TABS = (
    "overview", "versions", "permissions", "dependencies", "proof",
)  # fmt: skip
#: Levels of the headings above a README and above a change log.
_PAGE, _SECTION = 1, 2


@dataclass(frozen=True, slots=True)
class Dependency:
    """A plugin that a release calls.

    Attributes:
        range: the versions that do.
        latest: its latest release for who looks; None where there is none.
    """

    plugin_id: str
    range: str
    latest: ReleaseView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage(PageContext):
    """A plugin with one of its releases.

    Attributes:
        action, choices: the one that fits who looks, and what else can be chosen.
        release: what the page describes: the one that was asked for, else the latest.
        latest: the version that the listing describes.
        document: the release's manifest.
        tab: which of `TABS` is open.
        tabs: (label, path, whether it is this one).
        releases: some of the plugin's releases, the highest first.
        compatible: whether it supports the AEI of this marketplace.
        readme, changelog: only where the tab shows it, and there is one.
    """

    card: Card
    action: PluginAction
    choices: tuple[Choice, ...]
    release: ReleaseView
    latest: str
    document: Mapping[str, Any]
    tab: str
    tabs: tuple[tuple[str, str, bool], ...]
    address: Address
    releases: tuple[ReleaseView, ...]
    releases_total: int
    next_cursor: str | None
    later: bool
    price: str
    trial: str | None
    aei_version: str
    compatible: bool
    touches: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    together: str | None
    dependencies: tuple[Dependency, ...]
    readme: Rendered | None
    changelog: Rendered | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What the database knows of it."""

    plugin: PluginView
    release: ReleaseView
    releases: tuple[ReleaseView, ...]
    total: int
    next_cursor: str | None
    text: str | None
    dependencies: tuple[Dependency, ...]
    action: PluginAction


@router.get(LISTING)
async def show_listing(
    plugin_id: str,
    request: Request,
    deps: TheDeps,
    visitor: TheVisitor,
    trace: TheTrace,
    wanted: ThePage,
    version: Annotated[str, Query()] = "",
    tab: Annotated[str, Query()] = OVERVIEW,
) -> Response:
    """A plugin's page. A private one is as absent as one that does not exist."""
    tab = tab if tab in TABS else OVERVIEW
    async with deps.works.begin(visitor, trace) as work:
        read = await _read(work, plugin_id, version, tab, wanted, deps.aei_version)
    # Markdown of strangers takes as long as they like, within a limit; others are served meanwhile.
    text = None if read.text is None else await asyncio.to_thread(_rendered, read, tab)
    page = _page(read, tab, text, address_of(request, "tab", "version", "cursor"), deps.aei_version)
    return await render(request, "storefront/listing.html", page)


async def _read(
    work: Work, plugin_id: str, version: str, tab: str, wanted: PageWanted, aei_version: str
) -> _Read:
    plugin = await catalog.find_plugin(work, plugin_id)
    page = await catalog.list_releases(work, plugin_id, wanted)
    chosen = version or plugin.latest_version
    known = next((release for release in page.items if release.version == chosen), None)
    release = known or await catalog.find_release(work, plugin_id, chosen)
    return _Read(
        plugin,
        release,
        tuple(page.items),
        page.total,
        page.next_cursor,
        await _text(work, release, tab),
        await _dependencies(work, release) if tab == DEPENDENCIES else (),
        (await installations.actions_for(work, aei_version, [plugin_id]))[plugin_id],
    )


async def _text(work: Work, release: ReleaseView, tab: str) -> str | None:
    if tab not in (OVERVIEW, VERSIONS):
        return None
    texts = await catalog.find_texts(work, release.plugin_id, release.version)
    return texts.readme if tab == OVERVIEW else texts.changelog


async def _dependencies(work: Work, release: ReleaseView) -> tuple[Dependency, ...]:
    needed = release.manifest.dependencies
    latest = await catalog.latest_versions(work, needed) if needed else {}
    return tuple(Dependency(id, wanted, latest.get(id)) for id, wanted in sorted(needed.items()))


def _rendered(read: _Read, tab: str) -> Rendered:
    assert read.text is not None
    name = str(read.release.manifest.document["name"])
    if tab == OVERVIEW:
        return render_markdown(read.text, below=_PAGE, title=name)
    return render_markdown(read.text, below=_SECTION, title="Changelog")


def _page(read: _Read, tab: str, text: Rendered | None, address: Address, aei_version: str) -> ListingPage:
    release, document = read.release, read.release.manifest.document
    asked = release.manifest.permissions
    return ListingPage(
        title=str(document["name"]),
        crumbs=(("Marketplace", "/marketplace"),),
        card=card_of(read.plugin),
        action=read.action,
        choices=choices_of(read.action, release, read.releases),
        release=release,
        latest=read.plugin.latest_version,
        document=document,
        tab=tab,
        tabs=_tabs(read, tab, address),
        address=address,
        releases=read.releases,
        releases_total=read.total,
        next_cursor=read.next_cursor,
        later="cursor" in dict(address.query),
        price=price_of(document),
        trial=trial_of(document),
        aei_version=aei_version,
        compatible=catalog.is_compatible(aei_version, release.manifest.aei_range),
        touches=brief(asked),
        sentences=sentences(asked),
        together=together(asked),
        dependencies=read.dependencies,
        readme=text if tab == OVERVIEW else None,
        changelog=text if tab == VERSIONS else None,
    )


def _tabs(read: _Read, tab: str, address: Address) -> tuple[tuple[str, str, bool], ...]:
    manifest = read.release.manifest
    labels = {
        OVERVIEW: "Overview",
        VERSIONS: f"Versions ({read.total})",
        PERMISSIONS: f"Permissions ({len(manifest.permissions)})",
        DEPENDENCIES: f"Dependencies ({len(manifest.dependencies)})",
        PROOF: "Proof",
    }
    return tuple(
        (label, address.but(tab=None if name == OVERVIEW else name, cursor=None), name == tab)
        for name, label in labels.items()
    )
