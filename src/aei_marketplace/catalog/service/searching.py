"""Searching: this process's index finds, the database shows what may be seen."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aei_marketplace.catalog.rules.ranking import Parts
from aei_marketplace.catalog.rules.searching import Criteria, as_rank_and_id, check_criteria
from aei_marketplace.catalog.rules.views import PluginView
from aei_marketplace.catalog.service.search_index import SearchIndex
from aei_marketplace.catalog.store import plugins
from aei_marketplace.catalog.store.index.matching import Viewer
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.db import Database
from aei_marketplace.ground.paging import Page, PageWanted, encode_cursor
from aei_marketplace.ground.work import Work

#: Gives those of these plugins that who asks may see.
Show = Callable[[Sequence[str]], Awaitable[dict[str, PluginView]]]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What a search answers.

    Attributes:
        page: PluginViews, with cursor and total.
        whole: whether all that match were looked at; if not, the total says how many were.
        facets: facet → value → plugins; empty unless asked for.
        parts: plugin id → the terms of its score, each already weighted.
    """

    page: Page
    whole: bool
    facets: Mapping[str, Mapping[str, int]]
    parts: Mapping[str, Parts]


async def search_plugins(
    index: SearchIndex, work: Work, criteria: Criteria, page: PageWanted, *, facets: bool = False
) -> SearchPage:
    """Offered plugins that meet the criteria, best first.

    Raises:
        Invalid: the criteria cannot be met by anything, or the cursor is of another list.
        IndexUnfinished: not yet.
    """
    return await search_as(index, work.actor, partial(plugins.by_ids, work), criteria, page, facets=facets)


async def search_plugins_for(
    index: SearchIndex,
    database: Database,
    actor: Actor,
    criteria: Criteria,
    page: PageWanted,
    *,
    facets: bool = False,
) -> SearchPage:
    """The same without a work, for who wants nothing but this.

    Raises:
        Invalid, IndexUnfinished: as `search_plugins`.
    """
    show = partial(plugins.by_ids_for, database.quick, actor)
    return await search_as(index, actor, show, criteria, page, facets=facets)


async def suggest_plugins(index: SearchIndex, work: Work, typed: str, limit: int) -> list[PluginView]:
    """Plugins whose name begins with what was typed so far, the most installed first.

    Raises:
        Invalid: it is too long.
        IndexUnfinished: not yet.
    """
    return await suggest_as(index, work.actor, partial(plugins.by_ids, work), typed, limit)


async def suggest_plugins_for(
    index: SearchIndex, database: Database, actor: Actor, typed: str, limit: int
) -> list[PluginView]:
    """The same without a work, for who wants nothing but this.

    Raises:
        Invalid, IndexUnfinished: as `suggest_plugins`.
    """
    return await suggest_as(index, actor, partial(plugins.by_ids_for, database.quick, actor), typed, limit)


async def search_as(
    index: SearchIndex, actor: Actor, show: Show, criteria: Criteria, page: PageWanted, *, facets: bool
) -> SearchPage:
    """What somebody finds, by a way to show it to them."""
    check_criteria(criteria)
    after = page.position(as_rank_and_id)
    found = await index.search(criteria, _viewer(actor), page.limit + 1, after, facets=facets)
    hits = found.hits[: page.limit]
    cursor = encode_cursor([hits[-1].rank, hits[-1].id]) if len(found.hits) > page.limit else None
    views = await show([hit.id for hit in hits])
    shown = [views[hit.id] for hit in hits if hit.id in views]
    parts = {hit.id: hit.parts for hit in hits}
    return SearchPage(Page(shown, cursor, found.total), found.whole, found.facets, parts)


async def suggest_as(
    index: SearchIndex, actor: Actor, show: Show, typed: str, limit: int
) -> list[PluginView]:
    """What begins so for somebody, by a way to show it to them."""
    check_criteria(Criteria(q=typed))
    ids = await index.begin_with(typed, _viewer(actor), limit)
    views = await show(ids)
    return [views[id] for id in ids if id in views]


def _viewer(actor: Actor) -> Viewer:
    return Viewer(actor.tenant, actor.staff)
