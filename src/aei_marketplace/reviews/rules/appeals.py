"""Appeals against decisions on reviews: a writer has staff look once more, and another of them does."""

from datetime import datetime, timedelta
from enum import StrEnum

from aei_marketplace.decisions.rules.kinds import CaseKind
from aei_marketplace.reviews.errors import NothingToAppeal
from aei_marketplace.reviews.rules.views import Review, ReviewState

APPEAL_WITHIN = timedelta(days=14)


class Verdict(StrEnum):
    """What becomes of the decision."""

    STANDS = "stands"
    PUBLISH = "publish"


#: A writer is one person, and a case's party a tenant: so a case begins with the appeal, and ends with the
#: decision about it.
KIND = CaseKind(
    name="review_appeal",
    action="review.moderate",
    verdicts=frozenset(Verdict),
    favourable=frozenset({Verdict.PUBLISH}),
    due_in=timedelta(hours=72),
    appeal_action="review.write",
    appeal_within=None,
    four_eyes=True,
)


def may_appeal(review: Review, now: datetime) -> bool:
    """Whether its writer can ask staff to look again at a review that nobody reads."""
    unread = review.state in (ReviewState.REJECTED, ReviewState.HIDDEN)
    in_time = review.decided_at is not None and now < review.decided_at + APPEAL_WITHIN
    return unread and in_time and review.appeal_case is None


def check_appeal(review: Review, now: datetime) -> None:
    """Whether a decision on a review can be appealed.

    Raises:
        NothingToAppeal: there is no decision against it, it was appealed, or the time is over.
    """
    if may_appeal(review, now):
        return
    if review.appeal_case is not None:
        raise NothingToAppeal("You have appealed this decision, and that is done once.")
    if review.state in (ReviewState.REJECTED, ReviewState.HIDDEN):
        raise NothingToAppeal(
            f"Decisions are appealed within {APPEAL_WITHIN.days} days, and that time is over."
        )
    raise NothingToAppeal(f"The review is {review.state}: no decision keeps it from being read.")
