"""Pages: say something about a plugin, or that what was said holds for a newer version."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, Refusal, TooMany
from aei_marketplace.reviews import service
from aei_marketplace.reviews.pages.words import OWN, crumbs_to
from aei_marketplace.reviews.rules.standing import Deed
from aei_marketplace.reviews.rules.texts import LONGEST_TEXT
from aei_marketplace.reviews.rules.views import Review, ReviewState
from aei_marketplace.reviews.service import Words
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

WRITE = "/marketplace/{plugin_id}/review"


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePage(PageContext):
    """The form of a new review.

    Attributes:
        version: what it is about.
        confirmable: an older review of theirs that could be said to hold for it too.
    """

    plugin_id: str
    version: str
    confirmable: Review | None
    form: Form
    longest: int = LONGEST_TEXT


@router.get(WRITE)
async def show_form(plugin_id: str, request: Request, actor: TheActor) -> Response:
    """The form; who has reviewed what they have installed is led to that review."""
    return await _page(request, actor, plugin_id, Form())


@router.post(WRITE)
async def write(
    plugin_id: str, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Hand the review in; what is wrong with it is shown beside its field."""
    try:
        words = words_of(form)
        async with deps.works.begin(actor, trace) as work:
            review = await service.write_review(work, plugin_id, words, form.text("version") or None)
    except (Invalid, Conflict, TooMany) as refusal:
        return await _page(request, actor, plugin_id, form.refused(refusal), refusal)
    return led_to(request, review, _thanks(review))


def words_of(form: Form) -> Words:
    """What a form says about a plugin.

    Raises:
        Invalid: no stars were chosen.
    """
    chosen = form.text("rating")
    if not chosen.isascii() or not chosen.isdigit():
        raise amiss("rating", "Choose from one star to five.")
    return Words(int(chosen[:3]), form.text("text"))


def led_to(request: Request, review: Review, said: str) -> Response:
    """Lead a writer to their review."""
    response = RedirectResponse(path_of(review.id), 303)
    leave_flash(request, response, Flash(said))
    return response


def path_of(review_id: UUID) -> str:
    """A review's page, for its writer."""
    return f"{OWN}/{review_id}"


def _thanks(review: Review) -> str:
    published = review.state is ReviewState.APPROVED
    return (
        "Your review is published."
        if published
        else "Your review waits for staff. You are told what comes of it."
    )


async def _page(
    request: Request, actor: Actor, plugin_id: str, form: Form, refusal: Refusal | None = None
) -> Response:
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        plugin = await catalog.find_plugin(work, plugin_id)
        standing = await service.find_standing(work, plugin_id)
    if standing.version is None:
        if standing.reviews:
            return RedirectResponse(path_of(standing.reviews[0].review.id), 303)
        assert standing.obstacle is not None, "what cannot be written about has a reason"
        raise standing.obstacle
    name = str(plugin.document["name"])
    page = WritePage(
        title=f"Review {name}",
        crumbs=crumbs_to(plugin_id, name),
        plugin_id=plugin_id,
        version=standing.version,
        confirmable=next((own.review for own in standing.reviews if Deed.CONFIRM in own.may), None),
        form=form,
    )
    return await render(request, "reviews/write.html", page, refusal.status if refusal else 200)
