"""How staff move a review from one state to another."""

from aei_marketplace.ground.errors import Fault
from aei_marketplace.reviews.errors import ReviewDecided, ReviewUnfit
from aei_marketplace.reviews.rules.texts import LONGEST_REASON, check_text
from aei_marketplace.reviews.rules.views import Published, Review, ReviewState

S = ReviewState


def possible(review: Review, published: Published | None) -> frozenset[ReviewState]:
    """What staff can decide now.

    What is reported is kept or hidden: turning down a later edit would say nothing about the text that
    the reports are about. So is what was read at once and has a flag.

    Args:
        published: what everybody reads, or read before it was hidden.
    """
    if review.state is S.APPROVED:
        return frozenset({S.APPROVED, S.HIDDEN} if review.waiting_since else {S.HIDDEN})
    if review.state is not S.PENDING:
        return frozenset()
    if review.reports:
        return frozenset({S.APPROVED, S.HIDDEN})
    shown = published is not None and published.visible
    return frozenset({S.APPROVED, S.REJECTED, S.HIDDEN} if shown else {S.APPROVED, S.REJECTED})


def read_verdict(wanted: str) -> ReviewState:
    """A decision about reviews by its name.

    Raises:
        ReviewUnfit: there is no such decision.
    """
    try:
        return ReviewState(wanted)
    except ValueError as error:
        fault = Fault("/state", "approved, rejected or hidden")
        raise ReviewUnfit("A review is not decided so.", faults=[fault]) from error


def check_decision(review: Review, published: Published | None, verdict: ReviewState) -> None:
    """Whether a decision follows from where a review stands.

    Raises:
        ReviewDecided: it does not.
    """
    if verdict not in possible(review, published):
        raise ReviewDecided(f"The review is {review.state}, and cannot become {verdict} now.", review.state)


def read_reply_verdict(wanted: str) -> ReviewState:
    """A decision about publishers' replies by its name.

    Raises:
        ReviewUnfit: there is no such decision.
    """
    if wanted not in (S.APPROVED, S.REJECTED):
        fault = Fault("/state", "approved or rejected")
        raise ReviewUnfit("A reply is not decided so.", faults=[fault])
    return ReviewState(wanted)


def check_reply_decision(present: ReviewState) -> None:
    """Whether a publisher's reply waits for a decision.

    Raises:
        ReviewDecided: it is decided.
    """
    if present is not S.PENDING:
        raise ReviewDecided(f"The reply is {present} already.", present)


def check_reason(verdict: ReviewState, reason: str | None) -> str | None:
    """Why it is decided so; the writer reads it.

    Raises:
        Invalid: a review is turned down or hidden without a reason, or the reason cannot be shown.
    """
    if verdict is S.APPROVED and not (reason or "").strip():
        return None
    return check_text(reason or "", LONGEST_REASON, "/reason")


def after_rejection(published: Published | None) -> ReviewState:
    """Where a review stands whose newest words were turned down: as before, if words of it are read.

    Words that were hidden do not come back: the decision is about the new ones, and so is an appeal
    against it.
    """
    return S.APPROVED if published is not None and published.visible else S.REJECTED
