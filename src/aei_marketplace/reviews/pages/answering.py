"""Pages: what readers do about a review, and the publisher's one reply."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, Refusal, TooMany
from aei_marketplace.reviews import service
from aei_marketplace.reviews.pages.words import OWN, REPORT_KINDS, crumbs_to, listing_of
from aei_marketplace.reviews.service import Published, showing
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render, wants_part
from aei_marketplace.web.shell.returning import safe_path

router = APIRouter(route_class=FormRoute)

_REVIEW = OWN + "/{review_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpfulPage(PageContext):
    """The button that says that a review helped.

    Attributes:
        here: the page that the button stands on.
    """

    review_id: UUID
    count: int
    marked: bool
    here: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage(PageContext):
    """The form of a report or of a reply.

    Attributes:
        back: where the review stands.
    """

    review: Published
    form: Form
    back: str
    kinds: tuple[tuple[str, str], ...] = REPORT_KINDS


@router.post(_REVIEW + "/helpful")
async def mark(
    review_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Say that a review helped, or take that back."""
    async with deps.works.begin(actor, trace) as work:
        await service.mark_helpful(work, review_id, helpful=form.text("helpful") == "yes")
        review = await showing.find_published(work, review_id)
    here = safe_path(form.text("next"), listing_of(review.plugin_id))
    if wants_part(request):
        return RedirectResponse(f"{OWN}/{review_id}/helpful", 303)
    return RedirectResponse(f"{here}#review-{review_id}", 303)


@router.get(_REVIEW + "/helpful")
async def show_mark(
    review_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """The button as it stands now; a browser is led to the review."""
    async with deps.works.begin(actor, trace) as work:
        review = await showing.find_published(work, review_id)
        plugin = await catalog.find_plugin(work, review.plugin_id)
        reactions = await showing.find_reactions(work, plugin, [review_id])
    if not wants_part(request):
        return RedirectResponse(listing_of(review.plugin_id, review_id), 303)
    page = HelpfulPage(
        title="Helpful",
        review_id=review_id,
        count=review.helpful,
        marked=review_id in reactions.helpful,
        here=listing_of(review.plugin_id),
    )
    return await render(request, "reviews/helpful.html", page, part=True)


@router.get(_REVIEW + "/report")
async def show_report(review_id: UUID, request: Request, actor: TheActor) -> Response:
    """The form of a report."""
    return await _form(request, actor, review_id, "report", Form())


@router.post(_REVIEW + "/report")
async def report(
    review_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Complain about a review."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.report_review(work, review_id, form.text("kind"), form.text("note"))
            review = await showing.find_published(work, review_id)
    except (Invalid, Conflict, TooMany) as refusal:
        return await _form(request, actor, review_id, "report", form.refused(refusal), refusal)
    return _led_back(request, review, "Your report waits for staff.")


@router.get(_REVIEW + "/reply")
async def show_reply(review_id: UUID, request: Request, actor: TheActor) -> Response:
    """The form of a reply."""
    return await _form(request, actor, review_id, "reply", Form())


@router.post(_REVIEW + "/reply")
async def reply(
    review_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Answer a review of one's plugin, once."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.reply_to_review(work, review_id, form.text("text"))
            review = await showing.find_published(work, review_id)
    except (Invalid, Conflict, TooMany) as refusal:
        return await _form(request, actor, review_id, "reply", form.refused(refusal), refusal)
    return _led_back(request, review, "Your reply waits for staff.")


def _led_back(request: Request, review: Published, said: str) -> Response:
    response = RedirectResponse(listing_of(review.plugin_id, review.review_id), 303)
    leave_flash(request, response, Flash(said))
    return response


async def _form(
    request: Request, actor: Actor, review_id: UUID, act: str, form: Form, refusal: Refusal | None = None
) -> Response:
    actor.require_somewhere("review.write" if act == "report" else "plugin.publish")
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        review = await showing.find_published(work, review_id)
        plugin = await catalog.find_plugin(work, review.plugin_id)
    page = AnswerPage(
        title="Report a review" if act == "report" else "Reply to a review",
        crumbs=crumbs_to(plugin.id, str(plugin.document["name"])),
        review=review,
        form=form,
        back=listing_of(plugin.id, review_id),
    )
    status = refusal.status if refusal else 200
    return await render(request, f"reviews/{act}.html", page, status, part=wants_part(request))
