"""Pages: all collections in the page's order, new ones, and the switches of rotations."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.collections import service
from aei_marketplace.collections.errors import (
    CollectionConflict,
    CollectionUnfit,
    RotationStale,
    TooManyCollections,
)
from aei_marketplace.collections.pages.words import Word, read_number, standing_of
from aei_marketplace.collections.service import Clicks, Content, Kind, Readable, Rotation, State
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

COLLECTIONS = "/admin/collections"
_STANDING, _ARCHIVE = frozenset({State.DRAFT, State.PUBLISHED}), frozenset({State.ARCHIVED})


@dataclass(frozen=True, slots=True)
class Row:
    """A collection in the list.

    Attributes:
        days: its counts for each of the last 28 days, the last is today.
    """

    readable: Readable
    standing: Word
    total: Clicks
    days: tuple[Clicks, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionsPage(PageContext):
    """Collections, and the rotations that some belong to.

    Attributes:
        archived: whether these are the archived ones.
    """

    rows: tuple[Row, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    archived: bool
    rotations: tuple[Rotation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPage(PageContext):
    """The form of a new collection."""

    kinds: tuple[tuple[str, str], ...] = (
        (Kind.CURATED, "A collection of its own"),
        (Kind.STAFF_PICKS, "Staff picks, which take turns by the week"),
    )
    form: Form = field(default_factory=Form)


@router.get(COLLECTIONS)
async def list_collections(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage, archived: bool = False
) -> Response:
    """Collections in the page's order; archived ones on a page of their own."""
    actor.require(service.CURATE)
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_collections(work, _ARCHIVE if archived else _STANDING, wanted)
        readable = await service.describe(work, request.app.state.collection_shelf, found.items)
        counted = await service.count_by_day(work)
        rotations = await service.list_rotations(work)
        rows = tuple(_row(each, counted.get(each.collection.id, ()), work.now) for each in readable)
    page = CollectionsPage(
        title="Collections",
        rows=rows,
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "archived", "cursor"),
        archived=archived,
        rotations=tuple(rotations),
    )
    return await render(request, "collections/collections.html", page)


@router.get(COLLECTIONS + "/new")
async def new_collection(request: Request, actor: TheActor) -> Response:
    """The form of a new collection."""
    actor.require(service.CURATE)
    return await _new(request, Form())


@router.post(COLLECTIONS)
async def create_collection(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Make a draft."""
    actor.require(service.CURATE)
    try:
        wanted = Content(form.text("title"), form.text("description"))
        async with deps.works.begin(actor, trace) as work:
            made = await service.create_collection(work, wanted, _kind(form))
    except (Invalid, TooManyCollections) as refusal:
        return await _new(request, form.refused(refusal), refusal)
    response = RedirectResponse(f"{COLLECTIONS}/{made.id}", 303)
    leave_flash(request, response, Flash("The draft is made. Add plugins, and publish it when it is ready."))
    return response


@router.post(COLLECTIONS + "/rotations")
async def switch_rotation(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Have a rotation turn for a share of the tenants."""
    actor.require(service.CURATE)
    try:
        percentage = read_number(form.text("percentage"), "percentage")
        if percentage is None:
            raise amiss("percentage", "between 0 and 100")
        async with deps.works.begin(actor, trace) as work:
            rotation = await service.switch_rotation(work, form.text("name"), percentage, form.text("seen"))
    except (CollectionUnfit, RotationStale, Invalid) as refusal:
        said = " ".join(f"It is {fault.message}." for fault in refusal.faults)
        return _back(request, Flash(f"{refusal.detail} {said or refusal.next_step}", "danger"), "#rotations")
    return _back(
        request, Flash(f"{rotation.name} turns for {rotation.percentage} % of the tenants."), "#rotations"
    )


@router.post(COLLECTIONS + "/{collection_id}/move")
async def move_collection(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Move a collection one place up or down the page."""
    by = {"up": -1, "down": 1}.get(form.text("step"), 0)
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.move_collection(work, collection_id, by)
    except CollectionConflict as refusal:
        return _back(request, Flash(f"{refusal.detail} {refusal.next_step}", "danger"))
    return _back(request, Flash("The order is changed."), f"#collection-{collection_id}")


async def _new(request: Request, form: Form, refusal: Refusal | None = None) -> Response:
    page = NewPage(title="A new collection", crumbs=(("Collections", COLLECTIONS),), form=form)
    return await render(request, "collections/new.html", page, refusal.status if refusal else 200)


def _kind(form: Form) -> Kind:
    try:
        return Kind(form.text("kind", Kind.CURATED))
    except ValueError as error:
        raise amiss("kind", "one of those that are offered") from error


def _row(readable: Readable, days: tuple[Clicks, ...], now: datetime) -> Row:
    standing = standing_of(readable.collection, now, shown=readable.shown)
    return Row(readable, standing, sum(days, Clicks()), days)


def _back(request: Request, flash: Flash, fragment: str = "") -> Response:
    response = RedirectResponse(COLLECTIONS + fragment, 303)
    leave_flash(request, response, flash)
    return response


def seen_by(actor: Actor) -> bool:
    """Whether the actor curates: for the navigation."""
    return actor.may(service.CURATE)
