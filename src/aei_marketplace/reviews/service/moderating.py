"""What staff decide: about reviews, about replies, and how much of it waits for them."""

from dataclasses import replace
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.errors import ReplyNotFound, ReviewNotFound, WroteItYourself
from aei_marketplace.reviews.events import ReviewJudged, ReviewReplied
from aei_marketplace.reviews.rules import states, writing
from aei_marketplace.reviews.rules.views import Published, Reply, Review, ReviewState
from aei_marketplace.reviews.service.publishing import publish, take_back
from aei_marketplace.reviews.store import policy, published, replies, reports, reviews

_ACTION = "review.moderate"
_VERB = {ReviewState.APPROVED: "approve", ReviewState.REJECTED: "reject", ReviewState.HIDDEN: "hide"}


async def decide_review(work: Work, review_id: UUID, wanted: str, reason: str | None = None) -> Review:
    """Decide about a review, and with it about the reports that wait.

    Turning down an edit of a published review leaves that as it was.

    Args:
        wanted: `approved`, `rejected` or `hidden`; the last two with a reason.

    Raises:
        NotAllowed: the actor does not moderate, or wrote it.
        ReviewNotFound: there is none.
        ReviewDecided: it does not follow from the present state.
        Invalid: there is no such decision, or its reason is missing.
    """
    work.actor.require(_ACTION)
    review = await reviews.find(work, review_id, hold=True)
    if review is None:
        raise ReviewNotFound(f"There is no review {review_id}.")
    if review.writer_id == work.actor.id:
        raise WroteItYourself("You wrote this review.")
    shown = await published.find(work, review_id)
    verdict = states.check_decision(review, shown, wanted)
    decided = replace(
        review,
        reason=states.check_reason(verdict, reason),
        waiting_since=None,
        decided_by=work.actor.id,
        decided_at=work.now,
    )
    decided = await _carry_out(work, decided, shown, verdict)
    await reviews.save(work, decided)
    _record(work, f"review.{_VERB[verdict]}", review_id, review.plugin_id, decided.reason)
    judged = (str(verdict), decided.reason, review.writer_id, review.tenant_id)
    work.emit(ReviewJudged(review.id, review.plugin_id, *judged))
    return decided


async def decide_reply(work: Work, review_id: UUID, wanted: str, reason: str | None = None) -> Reply:
    """Decide about a publisher's reply.

    Args:
        wanted: `approved`, or `rejected` with a reason.

    Raises:
        NotAllowed: the actor does not moderate.
        ReplyNotFound: there is none.
        ReviewDecided: it is decided.
        Invalid: there is no such decision, or its reason is missing.
    """
    work.actor.require(_ACTION)
    reply = await replies.find(work, review_id, hold=True)
    review = await reviews.find(work, review_id)
    if reply is None or review is None:
        raise ReplyNotFound(f"There is no reply to {review_id}.")
    verdict = states.check_reply_decision(reply.state, wanted)
    decided = replace(
        reply,
        state=verdict,
        reason=states.check_reason(verdict, reason),
        decided_by=work.actor.id,
        decided_at=work.now,
    )
    await replies.save(work, decided)
    _record(work, f"reply.{_VERB[verdict]}", review_id, reply.plugin_id, decided.reason)
    if verdict is ReviewState.APPROVED:
        work.emit(ReviewReplied(review.id, review.plugin_id, review.writer_id, review.tenant_id))
    return decided


async def find_policy(work: Work) -> int | None:
    """After how many approved reviews a writer's next one is shown at once; None: all wait for staff.

    Raises:
        NotAllowed: the actor does not moderate.
    """
    work.actor.require(_ACTION)
    return await policy.trusted_after(work)


async def change_policy(work: Work, trusted_after: int | None) -> int | None:
    """Change that.

    Raises:
        NotAllowed: the actor does not operate the marketplace.
        Invalid: that is no number of reviews.
    """
    work.actor.require("policy.operate")
    wanted = writing.check_trusted_after(trusted_after)
    await policy.save(work, wanted)
    work.record(Fact("review.policy", "policy", "reviews", context={"trusted_after": wanted}))
    return wanted


async def _carry_out(work: Work, review: Review, shown: Published | None, verdict: ReviewState) -> Review:
    if verdict is ReviewState.REJECTED:
        return _given_back(review, shown)
    if verdict is ReviewState.APPROVED:
        await publish(work, review)
    else:
        await take_back(work, review)
    # A report that staff have not seen yet is not dismissed with the others.
    if verdict is ReviewState.HIDDEN or review.reports:
        outcome = "dismissed" if verdict is ReviewState.APPROVED else "upheld"
        await reports.settle(work, review.id, outcome)
    return replace(review, state=verdict, reports=0, held=False)


def _given_back(review: Review, shown: Published | None) -> Review:
    """A review whose newest words were turned down: it says again what was published of it."""
    state = states.after_rejection(shown)
    if shown is None:
        return replace(review, state=state)
    return replace(review, state=state, rating=shown.rating, text=shown.text)


def _record(work: Work, action: str, review_id: UUID, plugin_id: str, reason: str | None) -> None:
    personal = {} if reason is None else {"reason": reason}
    context = {"plugin": plugin_id}
    work.record(Fact(action, "review", str(review_id), context=context, personal=personal))
