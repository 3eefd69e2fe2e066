"""Pages: one review with all that staff should know about it, and the decision about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.reviews import service
from aei_marketplace.reviews.errors import ReviewNotFound
from aei_marketplace.reviews.pages.entries import WORDS, EntryWords, told
from aei_marketplace.reviews.pages.moderation import queue_of
from aei_marketplace.reviews.pages.words import MODERATION
from aei_marketplace.reviews.rules.views import Revision
from aei_marketplace.reviews.service import Waiting
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.flashes import leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render, wants_part

router = APIRouter(route_class=FormRoute)

_ENTRY = MODERATION + "/{review_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage(PageContext):
    """A review as staff see it, decided or not.

    Attributes:
        undo: the decision about it that was just made, and can be taken back.
        form: a decision that was refused.
    """

    waiting: Waiting
    history: Sequence[Revision]
    undo: UUID | None
    form: Form
    words: EntryWords = WORDS


@router.get(_ENTRY)
async def show_entry(
    review_id: UUID, request: Request, actor: TheActor, undo: UUID | None = None
) -> Response:
    """A review with its history; a script is given the entry alone."""
    return await _page(request, actor, review_id, Form(), undo=undo)


@router.post(_ENTRY)
async def decide(
    review_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Decide about one review: as about several, so that it can be taken back."""
    verdict = form.text("verdict")
    try:
        async with deps.works.begin(actor, trace) as work:
            batch = await service.decide_reviews(work, [review_id], verdict, form.text("reason") or None)
    except Invalid as refusal:
        return await _page(request, actor, review_id, form.refused(refusal), refusal)
    [happened] = batch.happened
    if happened.refusal is not None:
        return await _refused(request, actor, review_id, form, happened.refusal)
    if wants_part(request):
        return RedirectResponse(f"{MODERATION}/{review_id}?undo={batch.id}", 303)
    response = RedirectResponse(queue_of(request).but(undo=str(batch.id)), 303)
    leave_flash(request, response, told(batch.happened, verdict))
    return response


async def _refused(request: Request, actor: Actor, review_id: UUID, form: Form, refusal: Refusal) -> Response:
    """How the review stands by now, with why nothing was done."""
    if isinstance(refusal, ReviewNotFound):
        raise refusal
    return await _page(request, actor, review_id, form.refused(refusal), refusal)


async def _page(
    request: Request,
    actor: Actor,
    review_id: UUID,
    form: Form,
    refusal: Refusal | None = None,
    undo: UUID | None = None,
) -> Response:
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        waiting = await service.find_waiting(work, review_id)
        history = (await service.find_review(work, review_id)).history
    page = EntryPage(
        title=f"Review of {waiting.review.plugin_id}",
        crumbs=(("Moderation", MODERATION),),
        waiting=waiting,
        history=history,
        undo=undo,
        form=form,
    )
    status = refusal.status if refusal else 200
    return await render(request, "reviews/moderated.html", page, status, part=wants_part(request))
