"""Pages: one collection with its plugins, words, time, state and counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.service import PluginBrief
from aei_marketplace.collections import service
from aei_marketplace.collections.errors import (
    CollectionConflict,
    CollectionStale,
    TooManyCollections,
)
from aei_marketplace.collections.pages.overview import COLLECTIONS
from aei_marketplace.collections.pages.words import Word, read_number, read_time, standing_of, typed_time
from aei_marketplace.collections.rules.content import MOST_PLUGINS, Edit, moved, without
from aei_marketplace.collections.service import ClickThrough, Collection, Content, State
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

ONE = COLLECTIONS + "/{collection_id}"
#: How many plugins a search offers.
_OFFERED = 8
_LONGEST_SEARCH = 200
_DONE = {
    State.PUBLISHED: "It is published.",
    State.DRAFT: "It is a draft again; nobody but curators sees it.",
    State.ARCHIVED: "It is archived. Undo brings it back.",
}


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
        previous_title: what undo brings back; None where nothing can be undone.
        q: what plugins were searched for.
        found: what was found, without those that stand in it already.
    """

    collection: Collection
    standing: Word
    members: tuple[Member, ...]
    previous_title: str | None
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
    return await _page(request, actor, collection_id, q=q)


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


@router.post(ONE)
async def change_words(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Change title, description, time and rotation."""
    try:
        edit = _words(form)
        async with deps.works.begin(actor, trace) as work:
            await service.change_collection(work, collection_id, edit, form.text("seen"))
    except (Invalid, CollectionStale) as refusal:
        return await _page(request, actor, collection_id, form.refused(refusal), refusal)
    return _to(request, collection_id, Flash("It is saved."))


@router.post(ONE + "/plugins")
async def change_plugins(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Add, remove or move one plugin."""
    plugin_id, step = form.text("plugin"), form.text("step")
    try:
        edit = _step(step, plugin_id)
        async with deps.works.begin(actor, trace) as work:
            await service.change_collection(work, collection_id, edit, form.text("seen"))
    except (Invalid, CollectionStale, CollectionConflict) as refusal:
        return _to(request, collection_id, _said(refusal), "#plugins")
    place = "#plugins" if step == "remove" else f"#plugin-{plugin_id}"
    return _to(request, collection_id, Flash(_STEPS[step].format(plugin_id)), place)


@router.post(ONE + "/state")
async def change_state(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Publish, archive, or make it a draft again."""
    try:
        state = _state(form)
        async with deps.works.begin(actor, trace) as work:
            await service.change_collection(
                work, collection_id, lambda content: replace(content, state=state), form.text("seen")
            )
    except (Invalid, CollectionStale, CollectionConflict, TooManyCollections) as refusal:
        return _to(request, collection_id, _said(refusal))
    return _to(request, collection_id, Flash(_DONE[state]))


@router.post(ONE + "/undo")
async def undo_change(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Take back the last change."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.undo_change(work, collection_id, form.text("seen"))
    except (CollectionStale, CollectionConflict, TooManyCollections) as refusal:
        return _to(request, collection_id, _said(refusal))
    return _to(request, collection_id, Flash("The last change is taken back."))


#: What is said after each step with a plugin.
_STEPS = {
    "add": "{} is added at the end.",
    "remove": "{} is removed.",
    "up": "{} is moved up.",
    "down": "{} is moved down.",
}


def _step(step: str, plugin_id: str) -> Edit:
    if step == "add":
        return lambda content: replace(content, plugin_ids=(*content.plugin_ids, plugin_id))
    if step == "remove":
        return lambda content: replace(content, plugin_ids=without(content.plugin_ids, plugin_id))
    if step not in _STEPS:
        raise amiss("step", "one of the page's buttons")
    by = -1 if step == "up" else 1
    return lambda content: replace(content, plugin_ids=moved(content.plugin_ids, plugin_id, by))


def _words(form: Form) -> Edit:
    shown_from, shown_until = read_time(form.text("from"), "from"), read_time(form.text("until"), "until")
    slot = read_number(form.text("slot"), "slot")
    return lambda content: replace(
        content,
        title=form.text("title"),
        description=form.text("description"),
        shown_from=shown_from,
        shown_until=shown_until,
        rotation=form.text("rotation") or None,
        slot=slot,
    )


def _state(form: Form) -> State:
    try:
        return State(form.text("state"))
    except ValueError as error:
        raise amiss("state", "one of the page's buttons") from error


async def _page(
    request: Request,
    actor: Actor,
    collection_id: UUID,
    form: Form | None = None,
    refusal: Refusal | None = None,
    q: str = "",
) -> Response:
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
            previous_title=await service.find_previous_title(work, collection_id),
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


def _said(refusal: Refusal) -> Flash:
    if not refusal.faults:
        return Flash(f"{refusal.detail} {refusal.next_step}", "danger")
    faults = "; ".join(fault.message for fault in refusal.faults)
    return Flash(f"{refusal.detail.rstrip('.')}: {faults}.", "danger")


def _to(request: Request, collection_id: UUID, flash: Flash, fragment: str = "") -> Response:
    response = RedirectResponse(f"{COLLECTIONS}/{collection_id}{fragment}", 303)
    leave_flash(request, response, flash)
    return response
