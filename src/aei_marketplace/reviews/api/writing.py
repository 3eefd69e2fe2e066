"""Routes: writing reviews, and what others do about them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from aei_marketplace.reviews import service
from aei_marketplace.reviews.api.bodies import (
    AppealWanted,
    ReplyWanted,
    ReportWanted,
    ReviewWanted,
    WordsWanted,
)
from aei_marketplace.reviews.api.shapes import reply_shape, review_shape
from aei_marketplace.reviews.service import Review, Words
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(route_class=OnceRoute)


@router.post("/{plugin_id}/reviews", status_code=201)
async def write_review(
    plugin_id: str, body: ReviewWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Review a plugin that your tenant installed; staff decide before others read it."""
    async with deps.works.begin(actor, trace) as work:
        words = Words(body.rating, body.text)
        review = await service.write_review(work, plugin_id, words, body.version)
    return _answer(review, 201, {"Location": f"/api/plugins/reviews/{review.id}"})


@router.put("/reviews/{review_id}")
async def edit_review(
    review_id: UUID,
    body: WordsWanted,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: Annotated[str | None, Header(description="the ETag that the change is based on")] = None,
) -> Response:
    """Say something else; what was approved before is read until this is decided."""
    words = Words(body.rating, body.text)
    async with deps.works.begin(actor, trace) as work:
        return _answer(await service.edit_review(work, review_id, words, seen=if_match))


@router.post("/reviews/{review_id}/confirm")
async def confirm_review(review_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Say that your review holds for the version that your tenant has now."""
    async with deps.works.begin(actor, trace) as work:
        return _answer(await service.confirm_review(work, review_id))


@router.post("/reviews/{review_id}/appeal", status_code=201)
async def appeal_review(
    review_id: UUID, body: AppealWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Have somebody else of the staff look at a decision that keeps your review from being read, once."""
    async with deps.works.begin(actor, trace) as work:
        return _answer(await service.appeal_review(work, review_id, body.reason), 201)


@router.put("/reviews/{review_id}/helpful")
async def mark_helpful(review_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Say that a review helped you."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer({"helpful": await service.mark_helpful(work, review_id, helpful=True)})


@router.delete("/reviews/{review_id}/helpful")
async def unmark_helpful(review_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take that back."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer({"helpful": await service.mark_helpful(work, review_id, helpful=False)})


@router.post("/reviews/{review_id}/report", status_code=201)
async def report_review(
    review_id: UUID, body: ReportWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Complain about a review. Enough of it hides the review until staff decide."""
    async with deps.works.begin(actor, trace) as work:
        report = await service.report_review(work, review_id, body.kind, body.note)
    shown = {"id": report.id, "review_id": report.review_id, "kind": report.kind}
    return json_answer({**shown, "created_at": report.created_at}, 201)


@router.post("/reviews/{review_id}/reply", status_code=201)
async def reply_to_review(
    review_id: UUID, body: ReplyWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Answer a review of your plugin, once."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(reply_shape(await service.reply_to_review(work, review_id, body.text)), 201)


def _answer(review: Review, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return json_answer(review_shape(review), status, {"ETag": review.etag, **(headers or {})})
