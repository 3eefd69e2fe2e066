"""Routes: a plugin's reviews, their rating and its explanation, and one's own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from aei_marketplace.reviews import service
from aei_marketplace.reviews.api.bodies import PRINTED
from aei_marketplace.reviews.api.shapes import listed_shape, own_shape, rating_shape, standing_shape
from aei_marketplace.reviews.service import Order, Selection
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter()


@router.get("/reviews/mine")
async def list_own(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """Your own reviews with all that you wrote, decided or not."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_own(work, page), own_shape)


@router.get("/reviews/mine/export")
async def export_own(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """All that is kept of you here: reviews with their history, reports, and what you found helpful."""
    async with deps.works.begin(actor, trace) as work:
        own = await service.export_own(work)
    return json_answer(
        {
            "reviews": [own_shape(review) for review in own.reviews],
            "reports": own.reports,
            "helpful": [{"review_id": review_id, "marked_at": at} for review_id, at in own.marks],
        }
    )


@router.get("/reviews/{review_id}")
async def get_review(review_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """A review of yours with its history, for moderators any; its `ETag` is what a change is based on."""
    async with deps.works.begin(actor, trace) as work:
        own = await service.find_review(work, review_id)
    return json_answer(own_shape(own), headers={"ETag": own.review.etag})


@router.get("/{plugin_id}/reviews")
async def list_reviews(
    plugin_id: str,
    deps: TheDeps,
    visitor: TheVisitor,
    trace: TheTrace,
    page: ThePage,
    version: Annotated[
        str | None, Query(max_length=64, pattern=PRINTED, description="only of this version")
    ] = None,
    rating: Annotated[int | None, Query(ge=1, le=5, description="only with this rating")] = None,
    sort: Annotated[Order, Query(description="what comes first")] = Order.NEWEST,
) -> Response:
    """A plugin's published reviews, the newest first unless you say otherwise, and what they come to."""
    async with deps.works.begin(visitor, trace) as work:
        found = await service.list_reviews(work, Selection(plugin_id, version, rating, sort), page)
        together = await service.find_rating(work, plugin_id)
    items = [listed_shape(item) for item in found.items]
    listed = {"items": items, "next_cursor": found.next_cursor, "total": found.total}
    return json_answer({**listed, "rating": rating_shape(together)})


@router.get("/{plugin_id}/reviews/score")
async def get_score(plugin_id: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """How a plugin's ratings become the mean by which the search ranks it: newer versions weigh more."""
    async with deps.works.begin(visitor, trace) as work:
        return json_answer(await service.explain_score(work, plugin_id))


@router.get("/{plugin_id}/reviews/mine")
async def get_standing(plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """What you have said about a plugin, and what you can do now; `obstacle` says why nothing new."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(standing_shape(await service.find_standing(work, plugin_id)))
