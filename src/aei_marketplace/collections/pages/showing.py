"""Pages: one collection with its plugins, words, time, state and counts, and its preview."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.service import PluginBrief
from aei_marketplace.collections import service
from aei_marketplace.collections.pages.overview import COLLECTIONS
from aei_marketplace.collections.pages.words import Word, standing_of, typed_time
from aei_marketplace.collections.rules.content import MOST_PLUGINS
from aei_marketplace.collections.service import ClickThrough, Collection, Content
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps
from aei_marketplace.web.shell.forms import Form, FormRoute, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

ONE = COLLECTIONS + "/{collection_id}"
#: How many plugins a search offers.
_OFFERED = 8
_LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Member:
    """A plugin in its place.

    Attributes:
        brief: None where no such plugin exists yet.
    """

    id: str
    brief: PluginBrief | None

    @property
    def why_hidden(self) -> str | None:
        """Why nobody is shown it; None when somebody is."""
        if self.brief is None:
            return "not published yet"
        return None if self.brief.offered else str(self.brief.state or "not listed yet")

    @property
    def private(self) -> bool:
        """Whether only some tenants are shown it."""
        return self.brief is not None and self.brief.visibility != "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionPage(PageContext):
    """One collection, as a curator works on it.

    Attributes:
        undoable: whether there is a change to take back.
        q: what plugins were searched for.
        found: what was found, without those that stand in it already.
    """

    collection: Collection
    standing: Word
    members: tuple[Member, ...]
    undoable: bool
    q: str
    found: tuple[Member, ...]
    clicks: ClickThrough
    most: int = MOST_PLUGINS
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage(PageContext):
    """One collection, as readers see it."""

    collection: Collection
    standing: Word
    members: tuple[Member, ...]


@router.get(ONE)
async def show_collection(request: Request, collection_id: UUID, actor: TheActor, q: str = "") -> Response:
    """One collection."""
    return await collection_page(request, actor, collection_id, q=q)


@router.get(ONE + "/preview")
async def preview(request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor) -> Response:
    """One collection as readers see it, published or not."""
    actor.require(service.CURATE)
    async with deps.works.begin(actor, request.state.trace_id) as work:
        readable = await service.read_collection(work, request.app.state.collection_shelf, collection_id)
        standing = standing_of(readable.collection, work.now, shown=readable.shown)
    collection = readable.collection
    page = PreviewPage(
        title="Preview",
        crumbs=(("Collections", COLLECTIONS), (collection.content.title, f"{COLLECTIONS}/{collection.id}")),
        collection=collection,
        standing=standing,
        members=_members(collection, {brief.id: brief for brief in readable.plugins}),
    )
    return await render(request, "collections/preview.html", page)


async def collection_page(
    request: Request,
    actor: Actor,
    collection_id: UUID,
    form: Form | None = None,
    refusal: Refusal | None = None,
    q: str = "",
) -> Response:
    """The page of a collection, as it stands or with a form that was refused."""
    actor.require(service.CURATE)
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        readable = await service.read_collection(work, request.app.state.collection_shelf, collection_id)
        collection = readable.collection
        page = CollectionPage(
            title=collection.content.title,
            crumbs=(("Collections", COLLECTIONS),),
            collection=collection,
            standing=standing_of(collection, work.now, shown=readable.shown),
            members=_members(collection, {brief.id: brief for brief in readable.plugins}),
            undoable=await service.can_undo(work, collection_id),
            q=q.strip()[:_LONGEST_SEARCH],
            found=await _search(request, work, collection, q.strip()[:_LONGEST_SEARCH]),
            clicks=await service.read_click_through(work, collection_id),
            form=form or _filled(collection.content),
        )
    return await render(request, "collections/collection.html", page, refusal.status if refusal else 200)


async def _search(request: Request, work: Work, collection: Collection, q: str) -> tuple[Member, ...]:
    """The plugin with exactly this id, then what the catalogue's search finds."""
    if not q or not q.isprintable():
        return ()
    index = request.app.state.search_index
    hits = (await catalog.search_plugins(index, work, Criteria(q=q), PageWanted(_OFFERED))).page
    ids = dict.fromkeys([q, *(plugin.id for plugin in hits.items)])
    briefs = await catalog.find_briefs(work, ids)
    there = collection.content.plugin_ids
    return tuple(Member(id, briefs[id]) for id in ids if id in briefs and id not in there)


def _members(collection: Collection, briefs: Mapping[str, PluginBrief]) -> tuple[Member, ...]:
    return tuple(Member(id, briefs.get(id)) for id in collection.content.plugin_ids)


def _filled(content: Content) -> Form:
    return filled(
        title=content.title,
        description=content.description,
        **{"from": typed_time(content.shown_from)},
        until=typed_time(content.shown_until),
        rotation=content.rotation or "",
        slot=str(content.slot or ""),
    )
