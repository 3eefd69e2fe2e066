"""Pages of moderation: the replies of publishers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reviews import service
from aei_marketplace.reviews.errors import ReplyNotFound
from aei_marketplace.reviews.pages.entries import WORDS, EntryWords, tabs_of, told, told_undone
from aei_marketplace.reviews.pages.moderation import batch_of
from aei_marketplace.reviews.pages.words import MODERATION
from aei_marketplace.reviews.service import WaitingReply
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

REPLIES = MODERATION + "/replies"
_NOUN = ("reply", "replies")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepliesPage(PageContext):
    """Replies that wait for staff, each with the review that it answers.

    Attributes:
        undo: the decision that was just made, and can be taken back.
        form: a decision that was refused.
    """

    tabs: tuple[tuple[str, str, bool], ...]
    entries: Sequence[WaitingReply]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    undo: UUID | None
    form: Form
    words: EntryWords = WORDS


@router.get(REPLIES)
async def show_replies(request: Request, actor: TheActor) -> Response:
    """What publishers answered, the oldest first."""
    return await _page(request, actor, Form())


@router.post(REPLIES + "/undo")
async def undo(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Take a decision back."""
    async with deps.works.begin(actor, trace) as work:
        happened = await service.undo_decisions(work, form.uuid("batch"))
    response = RedirectResponse(REPLIES, 303)
    leave_flash(request, response, told_undone(happened, _NOUN))
    return response


@router.post(REPLIES + "/{review_id}")
async def decide_reply(
    review_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Decide about a reply, so that it can be taken back; who comes second is told how it stands."""
    verdict = form.text("verdict")
    try:
        async with deps.works.begin(actor, trace) as work:
            batch = await service.decide_replies(work, [review_id], verdict, form.text("reason") or None)
    except Invalid as refusal:
        return await _page(request, actor, form.refused(refusal), refusal)
    [happened] = batch.happened
    if isinstance(happened.refusal, ReplyNotFound):
        raise happened.refusal
    if happened.refusal is not None:
        return await _page(request, actor, form.refused(happened.refusal), happened.refusal)
    response = RedirectResponse(f"{REPLIES}?undo={batch.id}", 303)
    leave_flash(request, response, told(batch.happened, verdict, _NOUN))
    return response


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    cursor = request.query_params.get("cursor")
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        found = await service.list_waiting_replies(work, PageWanted.read(None, cursor))
    page = RepliesPage(
        title="Replies",
        tabs=tabs_of(REPLIES),
        entries=found.items,
        total=found.total,
        next_cursor=found.next_cursor,
        later=cursor is not None,
        address=Address(REPLIES, address_of(request, "cursor").query),
        undo=batch_of(request.query_params),
        form=form,
    )
    return await render(request, "reviews/replies.html", page, refusal.status if refusal else 200)
