"""What staff decide about publishers' replies, and which of them wait."""

from dataclasses import dataclass, replace
from uuid import UUID

from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.errors import ReplyNotFound
from aei_marketplace.reviews.events import ReplyJudged, ReviewReplied
from aei_marketplace.reviews.rules import states
from aei_marketplace.reviews.rules.deciders import Decider
from aei_marketplace.reviews.rules.views import Published, Reply, Review, ReviewState
from aei_marketplace.reviews.service.deciders import decider_of
from aei_marketplace.reviews.service.moderating import record
from aei_marketplace.reviews.store import published, replies, reviews

_VERB = {ReviewState.APPROVED: "approve", ReviewState.REJECTED: "reject"}


@dataclass(frozen=True, slots=True)
class WaitingReply:
    """A publisher's reply that waits for staff.

    Attributes:
        answers: the review, as everybody reads it; None when nobody does any more.
        obstacle: why the actor does not decide about it; None when they may.
    """

    reply: Reply
    answers: Published | None
    obstacle: NotAllowed | None


async def list_waiting_replies(work: Work, page: PageWanted) -> Page:
    """The publishers' replies that wait for staff, as `WaitingReply`.

    Raises:
        NotAllowed: the actor does not moderate.
        Invalid: the cursor is of another list.
    """
    work.actor.require("review.moderate")
    rows, total = await replies.find_waiting(work, page.position(as_id), page.limit)
    answered = await published.find_several(work, [row.review_id for row in rows])
    decider = await decider_of(work, {row.plugin_id for row in rows})
    waiting = [
        WaitingReply(row, answered.get(row.review_id), decider.obstacle(row.plugin_id, replied=row.tenant_id))
        for row in rows
    ]
    return page.page(waiting, total, lambda item: str(item.reply.review_id))


async def decide_reply(work: Work, review_id: UUID, wanted: str, reason: str | None = None) -> Reply:
    """Decide about a publisher's reply.

    Args:
        wanted: `approved`, or `rejected` with a reason.

    Raises:
        NotAllowed: the actor does not moderate, or belongs to the publisher (`OwnPublisher`).
        ReplyNotFound: there is none.
        ReviewDecided: it is decided.
        Invalid: there is no such decision, or its reason is missing.
    """
    work.actor.require("review.moderate")
    verdict = states.read_reply_verdict(wanted)
    reason = states.check_reason(verdict, reason)
    reply = await replies.find(work, review_id, hold=True)
    review = await reviews.find(work, review_id)
    if reply is None or review is None:
        raise ReplyNotFound(f"There is no reply to {review_id}.")
    return await judge_reply(work, await decider_of(work, [reply.plugin_id]), review, reply, verdict, reason)


async def judge_reply(
    work: Work, decider: Decider, review: Review, reply: Reply, verdict: ReviewState, reason: str | None
) -> Reply:
    """Decide about a reply that is held; part of a work of staff.

    Args:
        decider: the actor, before what is said about its plugin.
        review: the one that it answers.

    Raises:
        OwnPublisher: the actor belongs to the publisher.
        ReviewDecided: it is decided.
    """
    decider.check(reply.plugin_id, replied=reply.tenant_id)
    states.check_reply_decision(reply.state)
    decided = replace(reply, state=verdict, reason=reason, decided_by=work.actor.id, decided_at=work.now)
    await replies.save(work, decided)
    record(work, f"reply.{_VERB[verdict]}", review.id, reply.plugin_id, reason)
    work.emit(ReplyJudged(review.id, reply.plugin_id, str(verdict), reason, reply.tenant_id))
    if verdict is ReviewState.APPROVED:
        work.emit(ReviewReplied(review.id, review.plugin_id, review.writer_id, review.tenant_id))
    return decided
