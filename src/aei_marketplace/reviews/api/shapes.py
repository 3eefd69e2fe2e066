"""Reviews as callers see them."""

from typing import Any

from aei_marketplace.ground.errors import Refusal
from aei_marketplace.reviews.service import (
    Alike,
    Batch,
    Happened,
    Listed,
    OwnReview,
    Rating,
    Reply,
    Review,
    Standing,
    Waiting,
    WaitingReply,
)


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
        "appeal": review.appeal_case,
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


def waiting_reply_shape(waiting: WaitingReply) -> dict[str, Any]:
    """A publisher's reply that waits, with what it answers."""
    said = waiting.answers
    answers = {"author": said.author, "rating": said.rating, "text": said.text} if said else None
    return {
        **reply_shape(waiting.reply),
        "answers": answers,
        "obstacle": _refusal_shape(waiting.obstacle),
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


def listed_shape(listed: Listed) -> dict[str, Any]:
    """A review as everybody reads it."""
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


def own_shape(own: OwnReview) -> dict[str, Any]:
    """A review as its writer sees it, with all that they wrote."""
    shown = own.published
    published = {"version": shown.version, "rating": shown.rating, "text": shown.text} if shown else None
    helpful = shown.helpful if shown else 0
    visible = shown is not None and shown.visible
    words = {"appeal_words": own.review.appeal_words}
    further = {"published": published, "visible": visible, "history": own.history, **words}
    return {**review_shape(own.review), "helpful": helpful, **further}


def waiting_shape(waiting: Waiting) -> dict[str, Any]:
    """A review with what staff should know about it."""
    shown = waiting.published
    return {
        **review_shape(waiting.review),
        "waiting_since": waiting.review.waiting_since,
        "due_at": waiting.review.due_at,
        "held": waiting.review.held,
        "possible": sorted(waiting.possible),
        "obstacle": _refusal_shape(waiting.obstacle),
        "published": {"rating": shown.rating, "text": shown.text} if shown else None,
        "writer": waiting.record,
        "account_since": waiting.account_since,
        "flags": waiting.flags,
        "similar": [_similar_shape(other) for other in waiting.similar],
        "links": waiting.links,
        "language": waiting.language,
        "reports": [{"kind": report.kind, "note": report.note} for report in waiting.reports],
    }


def standing_shape(standing: Standing) -> dict[str, Any]:
    """What the caller said about a plugin, and can do now."""
    own = [{**review_shape(one.review), "may": sorted(one.may)} for one in standing.reviews]
    return {"reviews": own, "version": standing.version, "obstacle": _refusal_shape(standing.obstacle)}


def happened_shape(happened: Happened) -> dict[str, Any]:
    """What became of one of several; a refusal as the problem that it would have been alone."""
    refusal, stands = happened.refusal, happened.stands
    problem = None
    if refusal is not None:
        told = {"status": refusal.status, "title": refusal.title, "detail": refusal.detail}
        problem = {"type": f"/problems/{refusal.type}", **told, **refusal.extensions}
    return {"id": happened.review_id, "state": stands.state if stands else None, "problem": problem}


def batch_shape(batch: Batch) -> dict[str, Any]:
    """A decision about several reviews or replies."""
    items = [happened_shape(one) for one in batch.happened]
    return {"id": batch.id, "undo_until": batch.undo_until, "items": items}


def _refusal_shape(refusal: Refusal | None) -> dict[str, str] | None:
    return {"type": f"/problems/{refusal.type}", "detail": refusal.detail} if refusal else None


def _similar_shape(other: Alike) -> dict[str, Any]:
    return {
        "id": other.review_id,
        "plugin_id": other.plugin_id,
        "version": other.version,
        "author": other.author,
        "rating": other.rating,
        "text": other.text,
        "state": other.state,
        "score": other.score,
    }
