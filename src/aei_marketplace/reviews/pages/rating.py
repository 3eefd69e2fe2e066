"""Page: how the rating of a plugin is made, with every part of it."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.reviews import service
from aei_marketplace.reviews.pages.words import crumbs_to
from aei_marketplace.reviews.rules.rating import STEP
from aei_marketplace.reviews.service import Rating, Score
from aei_marketplace.web.requests import TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

RATING = "/marketplace/{plugin_id}/rating"


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingPage(PageContext):
    """Two numbers: the average that is shown, and the score that ranks.

    Attributes:
        step: how much a rating of a version weighs beside one of the version after it.
    """

    name: str
    rating: Rating
    score: Score
    step: float = STEP


@router.get(RATING)
async def show_rating(
    plugin_id: str, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """How both come about."""
    async with deps.works.begin(visitor, trace) as work:
        plugin = await catalog.find_plugin(work, plugin_id)
        rating = await service.find_rating(work, plugin_id)
        score = await service.explain_score(work, plugin_id)
    name = str(plugin.document["name"])
    page = RatingPage(
        title=f"How the rating of {name} is made",
        crumbs=crumbs_to(plugin_id, name),
        name=name,
        rating=rating,
        score=score,
    )
    return await render(request, "reviews/rating.html", page)
