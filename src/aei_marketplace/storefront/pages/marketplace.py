"""The marketplace's page: search as one types, filters with their counts, cards."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import SearchIndex, SearchPage
from aei_marketplace.collections import service as collections
from aei_marketplace.collections.service import Section, Shelf
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.rules.actions import PluginAction
from aei_marketplace.storefront.pages.facets import FilterGroup, Way, groups_of
from aei_marketplace.storefront.rules.cards import Card, card_of
from aei_marketplace.storefront.rules.wishes import (
    FILTERS,
    PARAMETERS,
    SORTS,
    Wish,
    label_of,
    read_wish,
    repeated,
)
from aei_marketplace.web.requests import TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

MARKETPLACE = "/marketplace"
CARDS = 24
#: Of each curated section so many are shown.
PINNED = 6
#: Plugins with a name like the one that nothing has.
_NEAREST = 4
#: A beginning of fewer letters says nothing.
_SHORTEST_BEGINNING = 2


@dataclass(frozen=True, slots=True)
class Pinned:
    """A curated section, with the cards of its first plugins."""

    section: Section
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplacePage(PageContext):
    """What is found, and how to find less or more.

    Attributes:
        q: the words that are looked for.
        kept: (name, value) of what the search form carries along with them.
        chosen: each filter that is set, with the way back without it.
        sorts: the orders to choose from.
        whole: whether the total counts all that match.
        pinned: what curators put first; only while nothing is looked for.
        actions: for each plugin shown, the one action that fits.
        later: whether the list does not begin at its start.
        nearest: where nothing was found, plugins whose names resemble what was typed.
        looser: where nothing was found, what is found without one of the filters.
    """

    q: str
    address: Address
    kept: tuple[tuple[str, str], ...] = ()
    chosen: tuple[Way, ...] = ()
    groups: tuple[FilterGroup, ...] = ()
    sorts: tuple[Way, ...] = ()
    pinned: tuple[Pinned, ...] = ()
    cards: tuple[Card, ...] = ()
    actions: Mapping[str, PluginAction] = field(default_factory=dict)
    total: int = 0
    whole: bool = True
    next_cursor: str | None = None
    later: bool = False
    idle: bool = False
    nearest: tuple[Card, ...] = ()
    looser: tuple[Way, ...] = ()
    refusal: Invalid | None = None


@router.get(MARKETPLACE)
async def show_marketplace(request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """Plugins: all of them, or those that the address asks for."""
    address, index = address_of(request, *PARAMETERS), _index_of(request)
    try:
        wish = read_wish(request.query_params)
        async with deps.works.begin(visitor, trace) as work:
            page = await _found(index, work, wish, address, deps.aei_version)
            if wish.idle:
                page = replace(page, pinned=await _pinned(work, request.app.state.collection_shelf))
    except Invalid as refusal:
        page = MarketplacePage(
            title="Marketplace", q=repeated(request.query_params), address=address, refusal=refusal
        )
    response = await render(request, "storefront/marketplace.html", page, 422 if page.refusal else 200)
    request.app.state.click_counter.note_shown((p.section for p in page.pinned), visitor, request.headers)
    response.headers.update(_history(request, address))
    return response


async def _found(
    index: SearchIndex, work: Work, wish: Wish, address: Address, aei_version: str
) -> MarketplacePage:
    wanted = PageWanted.read(CARDS, wish.cursor)
    found = await catalog.search_plugins(index, work, wish.criteria, wanted, facets=True)
    nothing = not found.page.items and wish.cursor is None
    nearest = await _nearest(index, work, wish) if nothing else ()
    cards = tuple(card_of(plugin) for plugin in found.page.items)
    shown = [card.id for card in (*cards, *nearest)]
    return MarketplacePage(
        title=f"{wish.criteria.q} · Marketplace" if wish.criteria.q else "Marketplace",
        q=wish.criteria.q or "",
        address=address,
        kept=_kept(wish),
        chosen=tuple(
            Way(label_of(name, value), address.but(**{name: None, "cursor": None}), name)
            for name, value in wish.chosen.items()
        ),
        groups=groups_of(found.facets, wish, address, aei_version),
        sorts=_sorts(wish, address),
        cards=cards,
        actions=await installations.actions_for(work, aei_version, shown) if shown else {},
        total=found.page.total,
        whole=found.whole,
        next_cursor=found.page.next_cursor,
        later=wish.cursor is not None,
        idle=wish.idle,
        nearest=nearest,
        looser=await _looser(index, work, wish, address) if nothing else (),
    )


async def _pinned(work: Work, shelf: Shelf) -> tuple[Pinned, ...]:
    sections = [section.first(PINNED) for section in await collections.sections_for(work, shelf)]
    ids = {plugin_id for section in sections for plugin_id in section.plugin_ids}
    views = await catalog.find_plugins(work, sorted(ids)) if ids else {}
    return tuple(
        Pinned(section, tuple(card_of(views[id]) for id in section.plugin_ids if id in views))
        for section in sections
    )


async def _nearest(index: SearchIndex, work: Work, wish: Wish) -> tuple[Card, ...]:
    """Plugins whose names begin as what was typed does, the longest beginning that there is."""
    typed = wish.criteria.q or ""
    for length in dict.fromkeys((len(typed) - 1, 2 * len(typed) // 3, len(typed) // 2, 3)):
        if _SHORTEST_BEGINNING <= length < len(typed):
            near = await catalog.suggest_plugins(index, work, typed[:length], _NEAREST)
            if near:
                return tuple(card_of(plugin) for plugin in near)
    return ()


async def _looser(index: SearchIndex, work: Work, wish: Wish, address: Address) -> tuple[Way, ...]:
    """For each filter, how many there are without it; those that help, the most plugins first."""
    ways = []
    for name, value in wish.chosen.items():
        found: SearchPage = await catalog.search_plugins(index, work, wish.without(name), PageWanted(1))
        if found.page.total:
            href = address.but(**{name: None, "cursor": None})
            ways.append(Way(f"{FILTERS[name]}: {label_of(name, value)}", href, name, found.page.total))
    return tuple(sorted(ways, key=lambda way: -(way.count or 0)))


def _sorts(wish: Wish, address: Address) -> tuple[Way, ...]:
    chosen = wish.criteria.sort
    return tuple(
        Way(label, address.but(sort=str(sort), cursor=None), str(sort), chosen=sort is chosen)
        for sort, label in SORTS.items()
    )


def _kept(wish: Wish) -> tuple[tuple[str, str], ...]:
    return (*wish.chosen.items(), ("sort", str(wish.criteria.sort)))


def _history(request: Request, address: Address) -> dict[str, str]:
    """How the address bar follows: the words being typed are one step back, not one for each letter."""
    if "hx-request" not in request.headers:
        return {}
    typing = request.headers.get("hx-trigger-name") == "q" and "q=" in request.headers.get(
        "hx-current-url", ""
    )
    return {"HX-Replace-Url" if typing else "HX-Push-Url": address.but()}


def _index_of(request: Request) -> SearchIndex:
    index: SearchIndex = request.app.state.search_index
    return index
