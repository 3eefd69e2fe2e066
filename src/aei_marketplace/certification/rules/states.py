"""The states of a request for certification, and of the badge that follows."""

from enum import StrEnum

from aei_marketplace.certification.errors import StateConflict


class Purpose(StrEnum):
    """What a scan is for: the listing of a new release, or a badge."""

    PUBLISH = "publish"
    CERTIFICATION = "certification"


class RequestState(StrEnum):
    """Where a request stands. `approved` is the only state with a badge that holds."""

    SUBMITTED = "submitted"
    SCANNING = "scanning"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    EXPIRED = "expired"


S = RequestState

#: Nothing was decided yet.
OPEN = frozenset({S.SUBMITTED, S.SCANNING, S.IN_REVIEW})
#: What waits for a scan, or has one that may have broken off.
WAITING = frozenset({S.SUBMITTED, S.SCANNING})
#: What was approved once: its verdict is that of the approval, for good.
CERTIFIED = frozenset({S.APPROVED, S.SUSPENDED, S.EXPIRED})
#: A decision that answers the same question asked again.
ANSWERED = frozenset({S.APPROVED, S.DENIED})

MOVES: dict[RequestState, frozenset[RequestState]] = {
    S.SUBMITTED: frozenset({S.SCANNING, S.WITHDRAWN}),
    # A scan that broke off is taken up again from `scanning`.
    S.SCANNING: frozenset({S.SCANNING, S.IN_REVIEW, S.APPROVED, S.DENIED, S.WITHDRAWN}),
    S.IN_REVIEW: frozenset({S.SUBMITTED, S.APPROVED, S.DENIED, S.WITHDRAWN}),
    S.APPROVED: frozenset({S.SUSPENDED, S.EXPIRED}),
    # An appeal: scanned anew, or decided the other way.
    S.DENIED: frozenset({S.SUBMITTED, S.APPROVED}),
    S.WITHDRAWN: frozenset(),
    S.SUSPENDED: frozenset(),
    S.EXPIRED: frozenset(),
}


def check_move(present: RequestState, wanted: RequestState) -> None:
    """Whether a request in this state can come to that one.

    Raises:
        StateConflict: it cannot; the refusal carries the present state.
    """
    if wanted not in MOVES[present]:
        raise StateConflict(f"The request is {present}, and cannot become {wanted}.", str(present))
