"""Pages of moderation: the replies of publishers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reviews import service
from aei_marketplace.reviews.pages.entries import WORDS, EntryWords, tabs_of
from aei_marketplace.reviews.pages.words import MODERATION
from aei_marketplace.reviews.service import Published, Reply, showing
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

REPLIES = MODERATION + "/replies"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepliesPage(PageContext):
    """Replies that wait for staff, each with the review that it answers."""

    tabs: tuple[tuple[str, str, bool], ...]
    entries: Sequence[tuple[Reply, Published | None]]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    form: Form
    words: EntryWords = WORDS


@router.get(REPLIES)
async def show_replies(request: Request, actor: TheActor) -> Response:
    """What publishers answered, the oldest first."""
    return await _page(request, actor, Form())


@router.post(REPLIES + "/{review_id}")
async def decide_reply(
    review_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Decide about a reply; who comes second is told how it stands."""
    try:
        async with deps.works.begin(actor, trace) as work:
            reply = await service.decide_reply(
                work, review_id, form.text("verdict"), form.text("reason") or None
            )
    except (Invalid, Conflict) as refusal:
        return await _page(request, actor, form.refused(refusal), refusal)
    response = RedirectResponse(REPLIES, 303)
    leave_flash(request, response, Flash(f"The reply about {reply.plugin_id} is {reply.state}."))
    return response


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    cursor = request.query_params.get("cursor")
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        found = await service.list_waiting_replies(work, PageWanted.read(None, cursor))
        answered = await showing.find_answered(work, [reply.review_id for reply in found.items])
    page = RepliesPage(
        title="Replies",
        tabs=tabs_of(REPLIES),
        entries=[(reply, answered.get(reply.review_id)) for reply in found.items],
        total=found.total,
        next_cursor=found.next_cursor,
        later=cursor is not None,
        address=Address(REPLIES, address_of(request, "cursor").query),
        form=form,
    )
    return await render(request, "reviews/replies.html", page, refusal.status if refusal else 200)
