"""What staff decide about reviews, and the policy by which they do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.errors import ReviewNotFound
from aei_marketplace.reviews.events import ReviewJudged
from aei_marketplace.reviews.rules import states
from aei_marketplace.reviews.rules.deciders import Decider
from aei_marketplace.reviews.rules.policy import Policy, check_policy
from aei_marketplace.reviews.rules.views import Published, Review, ReviewState
from aei_marketplace.reviews.service.deciders import decider_of
from aei_marketplace.reviews.service.publishing import publish, take_back, tell_of_change
from aei_marketplace.reviews.store import policy, published, reports, reviews

_ACTION = "review.moderate"
_VERB = {ReviewState.APPROVED: "approve", ReviewState.REJECTED: "reject", ReviewState.HIDDEN: "hide"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A review after a decision.

    Attributes:
        settled: the reports that the decision closed.
    """

    review: Review
    settled: Sequence[UUID]


async def decide_review(
    work: Work, review_id: UUID, wanted: str, reason: str | None = None, *, seen: str | None = None
) -> Review:
    """Decide about a review, and with it about the reports that wait.

    Turning down an edit of a review that is read leaves that as it was.

    Args:
        wanted: `approved`, `rejected` or `hidden`; the last two with a reason.
        seen: the entity tag of the review that the actor saw; None when they do not say.

    Raises:
        NotAllowed: the actor does not moderate, wrote it, or belongs to the plugin's publisher.
        ReviewNotFound: there is none.
        ReviewMoved: it is not the one that they saw.
        ReviewDecided: it does not follow from the present state.
        Invalid: there is no such decision, or its reason is missing.
    """
    work.actor.require(_ACTION)
    verdict = states.read_verdict(wanted)
    reason = states.check_reason(verdict, reason)
    review = await reviews.find(work, review_id, hold=True)
    if review is None:
        raise ReviewNotFound(f"There is no review {review_id}.")
    review.check_seen(seen)
    decider = await decider_of(work, [review.plugin_id])
    judged = await judge(work, decider, review, await published.find(work, review_id), verdict, reason)
    tell_of_change(work, [review.plugin_id])
    return judged.review


async def judge(
    work: Work,
    decider: Decider,
    review: Review,
    shown: Published | None,
    verdict: ReviewState,
    reason: str | None,
) -> Judged:
    """Decide about a review that is held; part of a work of staff, which tells of the change.

    Args:
        decider: the actor, before the reviews of its plugin.
        shown: what everybody reads of it, or read before it was hidden.

    Raises:
        WroteItYourself, OwnPublisher: the actor wrote it, or belongs to the plugin's publisher.
        ReviewDecided: the decision does not follow from the present state.
    """
    decider.check(review.plugin_id, writer=review.writer_id)
    states.check_decision(review, shown, verdict)
    settled = await _settle(work, review, verdict)
    decided = replace(
        await _carry_out(work, review, shown, verdict),
        reason=reason,
        waiting_since=None,
        due_at=None,
        appeal_case=None,
        appeal_words=None,
        decided_by=work.actor.id,
        decided_at=work.now,
    )
    await reviews.save(work, decided)
    record(work, f"review.{_VERB[verdict]}", review.id, review.plugin_id, reason)
    event = (str(verdict), reason, review.writer_id, review.tenant_id)
    work.emit(ReviewJudged(review.id, review.plugin_id, *event))
    return Judged(decided, settled)


async def find_policy(work: Work) -> Policy:
    """How much is shown before staff have read it, and which links they look at.

    Raises:
        NotAllowed: the actor does not moderate.
    """
    work.actor.require(_ACTION)
    return await policy.find(work)


async def change_policy(work: Work, wanted: Policy) -> Policy:
    """Change that.

    Raises:
        NotAllowed: the actor does not operate the marketplace.
        Invalid: it cannot be followed.
    """
    work.actor.require("policy.operate")
    wanted = check_policy(wanted)
    await policy.save(work, wanted)
    context = {
        "trusted_after": wanted.trusted_after,
        "most_links": wanted.most_links,
        "allowed_hosts": list(wanted.allowed_hosts),
    }
    work.record(Fact("review.policy", "policy", "reviews", context=context))
    return wanted


async def _carry_out(work: Work, review: Review, shown: Published | None, verdict: ReviewState) -> Review:
    if verdict is ReviewState.REJECTED:
        return _given_back(review, shown)
    if verdict is ReviewState.APPROVED:
        await publish(work, review)
    else:
        await take_back(work, review)
    return replace(review, state=verdict, reports=0, held=False)


async def _settle(work: Work, review: Review, verdict: ReviewState) -> Sequence[UUID]:
    # A report that staff have not seen yet is not dismissed with the others.
    if verdict is ReviewState.REJECTED or (verdict is ReviewState.APPROVED and not review.reports):
        return ()
    outcome = "dismissed" if verdict is ReviewState.APPROVED else "upheld"
    return await reports.settle(work, review.id, outcome)


def _given_back(review: Review, shown: Published | None) -> Review:
    """A review whose newest words were turned down: it says again what is read of it, if anything is."""
    state = states.after_rejection(shown)
    if shown is None or state is not ReviewState.APPROVED:
        return replace(review, state=state)
    return replace(review, state=state, rating=shown.rating, text=shown.text)


def record(work: Work, action: str, review_id: UUID, plugin_id: str, reason: str | None) -> None:
    """Have the audit log say what staff did about a review or its reply."""
    personal = {} if reason is None else {"reason": reason}
    context = {"plugin": plugin_id}
    work.record(Fact(action, "review", str(review_id), context=context, personal=personal))
