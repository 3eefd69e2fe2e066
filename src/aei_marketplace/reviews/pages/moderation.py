"""Pages of moderation: what waits, decisions about several at once, and taking those back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reviews import service
from aei_marketplace.reviews.pages.entries import WORDS, EntryWords, read_ids, tabs_of, told, told_undone
from aei_marketplace.reviews.pages.words import FLAGS, MODERATION
from aei_marketplace.reviews.service import FlagKind, QueueCount, QueueOrder, QueueSelection, Waiting
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render, wants_part

router = APIRouter(route_class=FormRoute)

#: What an address of the queue says; a decision leads back to the same part of it.
PARAMETERS = ("flag", "reported", "plugin", "order", "many", "cursor")
_USUAL, _MANY = 50, 200
_ID = re.compile(r"[!-~]{1,103}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationPage(PageContext):
    """Reviews that wait for staff.

    Attributes:
        filters, orders: (label, address, whether it is chosen).
        narrowed: whether only some of what waits is asked for.
        overdue: how many of all that wait should have been decided by now.
        undo: the decision that was just made, and can be taken back.
        form: a decision about several that was refused.
        kept: what the address says of the queue, for forms that lead back to it.
    """

    tabs: tuple[tuple[str, str, bool], ...]
    entries: Sequence[Waiting]
    total: int
    overdue: int
    next_cursor: str | None
    later: bool
    narrowed: bool
    address: Address
    filters: tuple[tuple[str, str, bool], ...]
    orders: tuple[tuple[str, str, bool], ...]
    undo: UUID | None
    form: Form
    kept: str
    words: EntryWords = WORDS


@router.get(MODERATION)
async def show_queue(request: Request, actor: TheActor) -> Response:
    """What waits, what is due first first."""
    return await _page(request, actor, Form())


@router.post(MODERATION)
async def decide(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Decide about several reviews alike; the next page says which were left, and why."""
    verdict = form.text("verdict")
    try:
        ids = read_ids(form.every("chosen"))
        async with deps.works.begin(actor, trace) as work:
            batch = await service.decide_reviews(work, ids, verdict, form.text("reason") or None)
    except Invalid as refusal:
        return await _page(request, actor, form.refused(refusal), refusal)
    undo = str(batch.id) if batch.undo_until else None
    response = RedirectResponse(queue_of(request).but(undo=undo), 303)
    leave_flash(request, response, told(batch.happened, verdict))
    return response


@router.post(MODERATION + "/undo")
async def undo(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Take a decision back; a script is led to the one entry that it was about."""
    async with deps.works.begin(actor, trace) as work:
        happened = await service.undo_decisions(work, form.uuid("batch"))
    if wants_part(request):
        return RedirectResponse(f"{MODERATION}/{form.uuid('entry')}", 303)
    response = RedirectResponse(queue_of(request).but(), 303)
    leave_flash(request, response, told_undone(happened))
    return response


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    address = queue_of(request)
    query = request.query_params
    wanted = selection_of(query)
    paging = PageWanted.read(_MANY if "many" in query else _USUAL, query.get("cursor"))
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        found, counts = await service.look_at_queue(work, paging, wanted)
    page = ModerationPage(
        title="Moderation",
        tabs=tabs_of(MODERATION),
        entries=found.items,
        total=found.total,
        overdue=counts.overdue,
        next_cursor=found.next_cursor,
        later="cursor" in query,
        narrowed=wanted != QueueSelection(order=wanted.order),
        address=address,
        filters=_filters(wanted, counts, address),
        orders=_orders(wanted, "many" in query, address),
        undo=batch_of(query),
        form=form,
        kept=address.but().removeprefix(MODERATION),
    )
    return await render(request, "reviews/moderation.html", page, refusal.status if refusal else 200)


def queue_of(request: Request) -> Address:
    """The part of the queue that an address asks for, or that a form leads back to."""
    return Address(MODERATION, address_of(request, *PARAMETERS).query)


def selection_of(query: Mapping[str, str]) -> QueueSelection:
    """Which reviews an address asks for; what it says amiss is passed over."""
    flag, order, plugin = query.get("flag", ""), query.get("order", ""), query.get("plugin", "")
    return QueueSelection(
        flag=FlagKind(flag) if flag in set(FlagKind) else None,
        reported=True if "reported" in query else None,
        plugin_id=plugin if _ID.fullmatch(plugin) else None,
        order=QueueOrder(order) if order in set(QueueOrder) else QueueOrder.DUE,
    )


def _filters(
    wanted: QueueSelection, counts: QueueCount, address: Address
) -> tuple[tuple[str, str, bool], ...]:
    fresh: dict[str, str | None] = dict.fromkeys(("flag", "reported", "plugin", "cursor"))
    every = not (wanted.flag or wanted.reported or wanted.plugin_id)
    filters = [
        (f"All {counts.waiting:,}", address.but(**fresh), every),
        (f"Reported {counts.reported:,}", address.but(**{**fresh, "reported": "yes"}), bool(wanted.reported)),
    ]
    filters += [
        (f"{FLAGS[flag]} {count:,}", address.but(**{**fresh, "flag": str(flag)}), flag is wanted.flag)
        for flag, count in counts.flagged.items()
        if count or flag is wanted.flag
    ]
    if wanted.plugin_id:
        filters.append((f"Of {wanted.plugin_id}", address.but(plugin=None, cursor=None), True))
    return tuple(filters)


def _orders(wanted: QueueSelection, many: bool, address: Address) -> tuple[tuple[str, str, bool], ...]:
    due = wanted.order is QueueOrder.DUE
    return (
        ("Due first", address.but(order=None, cursor=None), due),
        ("Oldest first", address.but(order="oldest", cursor=None), not due),
        (f"{_MANY} on a page", address.but(many=None if many else "yes", cursor=None), many),
    )


def batch_of(query: Mapping[str, str]) -> UUID | None:
    """The decision that an address offers to take back."""
    try:
        return UUID(query.get("undo", ""))
    except ValueError:
        return None
