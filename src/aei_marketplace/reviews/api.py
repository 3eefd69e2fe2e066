"""Routes: read and write reviews, answer them, and staff's queue."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.reviews import service
from aei_marketplace.reviews.rules.texts import LONGEST_NOTE, LONGEST_REASON, LONGEST_TEXT
from aei_marketplace.reviews.service import (
    Listed,
    OwnReview,
    Policy,
    Rating,
    Reply,
    Review,
    Selection,
    Waiting,
    Words,
)
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/plugins", tags=["reviews"], route_class=OnceRoute)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordsWanted(_Body):
    """A rating and what there is to say."""

    rating: Annotated[int, Field(strict=True, ge=1, le=5, examples=[4])]
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class ReviewWanted(WordsWanted):
    """The same about a version that the tenant installed; without one, about the one it had last."""

    version: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class DecisionWanted(_Body):
    """What staff decide; the writer reads the reason."""

    state: Annotated[str, Field(max_length=40, description="approved, rejected or hidden")]
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] | None = None


class ReportWanted(_Body):
    """What is wrong with a review."""

    kind: Annotated[str, Field(max_length=40, description="spam, abusive, off_topic, personal_data or paid")]
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


class ReplyWanted(_Body):
    """The publisher's answer."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class PolicyWanted(_Body):
    """How the operator moderates."""

    trusted_after: (
        Annotated[
            int,
            Field(
                strict=True,
                ge=1,
                le=1000,
                description="so many approved reviews, and the next is shown at once; null: all wait",
            ),
        ]
        | None
    )
    most_links: Annotated[
        int, Field(strict=True, ge=0, le=100, description="more links to other hosts have a review flagged")
    ] = 0
    allowed_hosts: Annotated[
        list[Annotated[str, Field(max_length=253)]],
        Field(max_length=100, description="links to these, and to what is below them, are not counted"),
    ] = []


@router.get("/reviews/moderation")
async def list_waiting(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    replies: Annotated[bool, Query(description="publishers' replies instead of reviews")] = False,
) -> Response:
    """Staff: what waits to be moderated, the oldest first."""
    async with deps.works.begin(actor, trace) as work:
        if replies:
            return page_answer(await service.list_waiting_replies(work, page), reply_shape)
        return page_answer(await service.list_waiting(work, page), _waiting_shape)


@router.get("/reviews/policy")
async def get_policy(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Staff: how much is shown before staff have read it."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(await service.find_policy(work))


@router.put("/reviews/policy")
async def put_policy(body: PolicyWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Operators: change that."""
    async with deps.works.begin(actor, trace) as work:
        wanted = Policy(body.trusted_after, body.most_links, tuple(body.allowed_hosts))
        return json_answer(await service.change_policy(work, wanted))


@router.get("/reviews/mine")
async def list_own(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """Your own reviews with all that you wrote, decided or not."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_own(work, page), _own_shape)


@router.get("/reviews/{review_id}")
async def get_review(review_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """A review of yours with its history; for moderators any."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(_own_shape(await service.find_review(work, review_id)))


@router.put("/reviews/{review_id}")
async def edit_review(
    review_id: UUID, body: WordsWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Say something else; what was approved before is read until this is decided."""
    async with deps.works.begin(actor, trace) as work:
        review = await service.edit_review(work, review_id, Words(body.rating, body.text))
    return json_answer(review_shape(review))


@router.post("/reviews/{review_id}/confirm")
async def confirm_review(review_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Say that your review holds for the version that your tenant has now."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(review_shape(await service.confirm_review(work, review_id)))


@router.patch("/reviews/{review_id}")
async def decide_review(
    review_id: UUID, body: DecisionWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Staff: approve, reject or hide a review; 409 with its `state` when that does not follow from it."""
    async with deps.works.begin(actor, trace) as work:
        review = await service.decide_review(work, review_id, body.state, body.reason)
    return json_answer(review_shape(review))


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


@router.patch("/reviews/{review_id}/reply")
async def decide_reply(
    review_id: UUID, body: DecisionWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Staff: approve or reject a publisher's reply."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(reply_shape(await service.decide_reply(work, review_id, body.state, body.reason)))


@router.get("/{plugin_id}/reviews")
async def list_reviews(
    plugin_id: str,
    deps: TheDeps,
    visitor: TheVisitor,
    trace: TheTrace,
    page: ThePage,
    version: Annotated[str | None, Query(max_length=64, description="only of this version")] = None,
    rating: Annotated[int | None, Query(ge=1, le=5, description="only with this rating")] = None,
) -> Response:
    """A plugin's published reviews, the newest first, and what its ratings come to."""
    async with deps.works.begin(visitor, trace) as work:
        found = await service.list_reviews(work, Selection(plugin_id, version, rating), page)
        together = await service.find_rating(work, plugin_id)
    items = [_listed_shape(item) for item in found.items]
    listed = {"items": items, "next_cursor": found.next_cursor, "total": found.total}
    return json_answer({**listed, "rating": rating_shape(together)})


@router.post("/{plugin_id}/reviews", status_code=201)
async def write_review(
    plugin_id: str, body: ReviewWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Review a plugin that your tenant installed; staff decide before others read it."""
    async with deps.works.begin(actor, trace) as work:
        words = Words(body.rating, body.text)
        review = await service.write_review(work, plugin_id, words, body.version)
    return json_answer(review_shape(review), 201, {"Location": f"/api/plugins/reviews/{review.id}"})


def review_shape(review: Review) -> dict[str, Any]:
    """A review as its writer and staff see it."""
    return {
        "id": review.id,
        "plugin_id": review.plugin_id,
        "version": review.version,
        "rating": review.rating,
        "text": review.text,
        "state": review.state,
        "reason": review.reason,
        "author": review.author,
        "reply": None,
        "helpful": 0,
        "executions": review.executions,
        "revision": review.revision,
        "created_at": review.created_at,
        "updated_at": review.updated_at,
    }


def reply_shape(reply: Reply) -> dict[str, Any]:
    """A publisher's reply."""
    return {
        "review_id": reply.review_id,
        "plugin_id": reply.plugin_id,
        "author": reply.author,
        "text": reply.text,
        "state": reply.state,
        "reason": reply.reason,
        "written_at": reply.written_at,
    }


def rating_shape(rating: Rating) -> dict[str, Any]:
    """What ratings come to, for people to see how."""
    return {
        "average": None if rating.average is None else round(rating.average, 2),
        "count": rating.count,
        "distribution": {str(stars): count for stars, count in rating.distribution.items()},
        "versions": [
            {"version": version, "average": round(total / count, 2), "count": count}
            for version, (total, count) in rating.by_version.items()
        ],
    }


def _listed_shape(listed: Listed) -> dict[str, Any]:
    review, reply = listed.review, listed.reply
    answer = {"author": reply.author, "text": reply.text, "written_at": reply.written_at} if reply else None
    return {
        "id": review.review_id,
        "plugin_id": review.plugin_id,
        "version": review.version,
        "rating": review.rating,
        "text": review.text,
        "state": "approved",
        "author": review.author,
        "reply": answer,
        "helpful": review.helpful,
        "executions": review.executions,
        "published_at": review.published_at,
        "updated_at": review.updated_at,
    }


def _own_shape(own: OwnReview) -> dict[str, Any]:
    shown = own.published
    published = {"version": shown.version, "rating": shown.rating, "text": shown.text} if shown else None
    helpful = shown.helpful if shown else 0
    visible = shown is not None and shown.visible
    further = {"published": published, "visible": visible, "history": own.history}
    return {**review_shape(own.review), "helpful": helpful, **further}


def _waiting_shape(waiting: Waiting) -> dict[str, Any]:
    shown = waiting.published
    return {
        **review_shape(waiting.review),
        "waiting_since": waiting.review.waiting_since,
        "held": waiting.review.held,
        "published": {"rating": shown.rating, "text": shown.text} if shown else None,
        "writer": waiting.record,
        "reports": [{"kind": report.kind, "note": report.note} for report in waiting.reports],
    }
