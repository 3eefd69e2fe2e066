"""A plugin's page: what it is, what it may touch, who made it, and how to check that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.installations.rules.consent import Permission, permissions_of
from aei_marketplace.installations.rules.permissions import together
from aei_marketplace.storefront.pages.reading import (
    ADVISORIES,
    DEPENDENCIES,
    OVERVIEW,
    PERMISSIONS,
    PROOF,
    REVIEWS,
    TABS,
    VERSIONS,
    Found,
    Texts,
    Wanted,
    read_listing,
    render_texts,
)
from aei_marketplace.storefront.pages.reviews import PARAMETERS, ReviewBlock, asked_of, read_reviews
from aei_marketplace.storefront.rules.cards import Card, card_of
from aei_marketplace.storefront.rules.choices import Choice, choices_of
from aei_marketplace.storefront.rules.permissions import brief
from aei_marketplace.storefront.rules.prices import price_of
from aei_marketplace.web.requests import TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

LISTING = "/marketplace/{plugin_id}"
#: What an address of one tab says and means nothing on the others.
_ELSEWHERE: dict[str, str | None] = dict.fromkeys((*PARAMETERS, "cursor"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage(PageContext):
    """A plugin with one of its releases.

    Attributes:
        found: what was read.
        card: what is said of the plugin everywhere.
        choices: what can be chosen beside the action that fits.
        document: the manifest of the release that is shown.
        tab: which of `TABS` is open.
        tabs: (label, path, whether it is this one).
        later: whether the list of releases does not begin at its start.
        compatible: whether the release supports the AEI of this marketplace.
        touches: what the release may touch, in a few words each.
        reviews: None on other tabs.
    """

    found: Found
    texts: Texts
    card: Card
    choices: tuple[Choice, ...]
    document: Mapping[str, Any]
    tab: str
    tabs: tuple[tuple[str, str, bool], ...]
    address: Address
    later: bool
    price: str
    trial: str
    aei_version: str
    compatible: bool
    touches: tuple[str, ...]
    permissions: tuple[Permission, ...]
    together: str | None
    reviews: ReviewBlock | None


@router.get(LISTING)
async def show_listing(
    plugin_id: str,
    request: Request,
    deps: TheDeps,
    visitor: TheVisitor,
    trace: TheTrace,
    cursor: ThePage,
    version: Annotated[str, Query()] = "",
    tab: Annotated[str, Query()] = OVERVIEW,
) -> Response:
    """A plugin's page. A private one is as absent as one that does not exist."""
    tab = tab if tab in TABS else OVERVIEW
    wanted = Wanted(plugin_id, version, tab, PageWanted() if tab == REVIEWS else cursor)
    address = address_of(request, "tab", "version", *(PARAMETERS if tab == REVIEWS else ()), "cursor")
    async with deps.works.begin(visitor, trace) as work:
        found = await read_listing(work, wanted, deps.aei_version)
        asked = asked_of(request, cursor)
        said = await read_reviews(work, found.plugin, asked, address) if tab == REVIEWS else None
    texts = await render_texts(found, tab)
    page = _page(found, texts, said, tab, address, deps.aei_version)
    return await render(request, "storefront/listing.html", page)


def _page(
    found: Found, texts: Texts, said: ReviewBlock | None, tab: str, address: Address, aei_version: str
) -> ListingPage:
    release, document = found.release, found.release.manifest.document
    asked = release.manifest.permissions
    return ListingPage(
        title=str(document["name"]),
        crumbs=(("Marketplace", "/marketplace"),),
        found=found,
        texts=texts,
        card=card_of(found.plugin),
        choices=choices_of(found.action, release, found.releases),
        document=document,
        tab=tab,
        tabs=_tabs(found, tab, address),
        address=address,
        later="cursor" in dict(address.query),
        price=found.offer.words if found.offer.now else price_of(document),
        trial=found.offer.tries,
        aei_version=aei_version,
        compatible=catalog.is_compatible(aei_version, release.manifest.aei_range),
        touches=brief(asked),
        permissions=permissions_of(release.manifest),
        together=together(asked),
        reviews=said,
    )


def _tabs(found: Found, tab: str, address: Address) -> tuple[tuple[str, str, bool], ...]:
    manifest = found.release.manifest
    labels = {
        OVERVIEW: "Overview",
        VERSIONS: f"Versions ({found.total})",
        REVIEWS: f"Reviews ({found.plugin.rating_count:,})",
        PERMISSIONS: f"Permissions ({len(manifest.permissions)})",
        DEPENDENCIES: f"Dependencies ({len(manifest.dependencies)})",
        ADVISORIES: f"Advisories ({len(found.advisories)})",
        PROOF: "Proof",
    }
    return tuple(
        (label, address.but(tab=None if name == OVERVIEW else name, **_ELSEWHERE), name == tab)
        for name, label in labels.items()
        if name != ADVISORIES or found.advisories or tab == ADVISORIES
    )
