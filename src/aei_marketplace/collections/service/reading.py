"""Reading collections: for curators all of them, for everybody those that are open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import PluginBrief
from aei_marketplace.collections.errors import NoSuchCollection
from aei_marketplace.collections.rules.clicks import Clicks, by_day
from aei_marketplace.collections.rules.content import STAFF_PICKS_ROTATION, Collection, State
from aei_marketplace.collections.rules.showing import Rotation, is_open, shown_now
from aei_marketplace.collections.service.curating import CURATE
from aei_marketplace.collections.service.shelf import Shelf
from aei_marketplace.collections.store import clicks, rotations
from aei_marketplace.collections.store import collections as store
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work

#: For how many days counts are shown.
COUNTED_DAYS = 28


@dataclass(frozen=True, slots=True)
class Readable:
    """A collection as one reader may read it.

    Attributes:
        plugins: in order, those alone that the reader sees and that are offered; of a curator all that
            exist.
        shown: whether the first page shows it to this reader now.
    """

    collection: Collection
    plugins: tuple[PluginBrief, ...]
    shown: bool


@dataclass(frozen=True, slots=True)
class ClickThrough:
    """How often a collection was seen and clicked in the last days.

    Attributes:
        days: one for each day, the last is today.
        plugins: by plugin id.
    """

    total: Clicks
    days: tuple[Clicks, ...]
    plugins: dict[str, Clicks]


async def list_open(work: Work, shelf: Shelf, wanted: PageWanted) -> Page:
    """What everybody may read: published collections within their time, in the page's order, as Readables."""
    standing = await shelf.standing()
    found = [collection for collection in standing.collections if is_open(collection, work.now)]
    after = wanted.position(_place)
    later = [c for c in found if after is None or (c.position, c.id) > after]
    page = wanted.page(later[: wanted.limit + 1], len(found), _cursor)
    return Page(await describe(work, shelf, page.items), page.next_cursor, page.total)


async def list_collections(work: Work, states: frozenset[State], wanted: PageWanted) -> Page:
    """Collections in these states, in the page's order, for curators.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require(CURATE)
    rows, total = await store.find_page(work, states, wanted.position(_place), wanted.limit)
    return wanted.page(rows, total, _cursor)


async def find_collection(work: Work, collection_id: UUID) -> Collection:
    """One collection: curators find each, others those that are open now.

    Raises:
        NoSuchCollection: there is none that the actor may read.
    """
    found = await store.find(work, collection_id)
    if found is None or not (work.actor.may(CURATE) or is_open(found, work.now)):
        raise NoSuchCollection("There is no such collection.")
    return found


async def read_collection(work: Work, shelf: Shelf, collection_id: UUID) -> Readable:
    """One collection as the actor may read it.

    Raises:
        NoSuchCollection: there is none.
    """
    (readable,) = await describe(work, shelf, [await find_collection(work, collection_id)])
    return readable


async def describe(work: Work, shelf: Shelf, collections: Sequence[Collection]) -> list[Readable]:
    """Collections that were found before, as the actor may read them."""
    standing = await shelf.standing()
    shown = {c.id for c in shown_now(standing.collections, standing.flags, work.actor.tenant, work.now)}
    briefs = await catalog.find_briefs(work, {id for c in collections for id in c.content.plugin_ids})
    all_of_them = work.actor.may(CURATE)
    readable = {id: brief for id, brief in briefs.items() if brief.offered or all_of_them}
    return [
        Readable(c, tuple(readable[id] for id in c.content.plugin_ids if id in readable), c.id in shown)
        for c in collections
    ]


async def can_undo(work: Work, collection_id: UUID) -> bool:
    """Whether there is a change to take back.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require(CURATE)
    return await store.find_revision(work, collection_id) is not None


async def list_rotations(work: Work) -> list[Rotation]:
    """The flags of all rotations that some collection belongs to, that of staff picks, and touched ones.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require(CURATE)
    flags = await rotations.find_all(work)
    used = await store.find_all(work, frozenset({State.DRAFT, State.PUBLISHED}))
    names = {STAFF_PICKS_ROTATION, *flags, *(c.content.rotation for c in used if c.content.rotation)}
    return [flags.get(name, Rotation(name)) for name in sorted(names)]


async def count_by_day(work: Work) -> dict[UUID, tuple[Clicks, ...]]:
    """Each collection's impressions and clicks, one for each of the last days, the last is today.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require(CURATE)
    today = work.now.date()
    found = await clicks.sum_by_day(work, today - timedelta(days=COUNTED_DAYS - 1))
    return {id: tuple(by_day(counted, today, COUNTED_DAYS)) for id, counted in found.items()}


async def read_click_through(work: Work, collection_id: UUID) -> ClickThrough:
    """How a collection was seen and clicked lately.

    Raises:
        NotAllowed: the actor may not.
        NoSuchCollection: there is none.
    """
    work.actor.require(CURATE)
    await find_collection(work, collection_id)
    since = work.now.date() - timedelta(days=COUNTED_DAYS - 1)
    plugins = await clicks.sum_by_plugin(work, collection_id, since)
    days = (await count_by_day(work)).get(collection_id, (Clicks(),) * COUNTED_DAYS)
    return ClickThrough(sum(days, Clicks()), days, plugins)


def _cursor(collection: Collection) -> list[object]:
    return [collection.position, collection.id]


def _place(said: object) -> tuple[int, UUID]:
    match said:
        case [int(position), id] if type(position) is int and -(2**31) <= position < 2**31:
            return position, as_id(id)
    raise ValueError("not a place among collections")
