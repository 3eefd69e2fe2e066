"""Refusals of the decisions. Those that come too late carry the case as it stands now."""

from collections.abc import Mapping

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound


class CaseConflict(Conflict):
    """The case does not stand as the request expects; the answer's `case` says how it stands.

    Args:
        standing: id, state, round, version and verdict of the case.
    """

    type = "case-conflict"

    def __init__(self, detail: str, standing: Mapping[str, object]) -> None:
        super().__init__(detail)
        self.extensions = {"case": standing}


class CaseNotFound(NotFound):
    """There is no such case, or it concerns neither you nor your tenant."""

    type = "case-not-found"


class CaseSettled(CaseConflict):
    """The case has been decided or withdrawn."""

    type = "case-settled"
    title = "The case is settled"
    advice = "Read the case; a decision changes only by the appeal of the tenant it touches."


class CaseHeld(CaseConflict):
    """Somebody else is working on the case."""

    type = "case-held"
    title = "Somebody else holds the case"
    advice = "Take another one, or wait until their claim has ended."


class CaseMoved(CaseConflict):
    """The case is not what the caller last saw."""

    type = "case-moved"
    title = "The case has changed meanwhile"
    advice = "Read the case again and decide anew."


class NotClaimed(CaseConflict):
    """The actor holds no claim on the case."""

    type = "case-not-claimed"
    title = "You do not hold the case"


class AppealRefused(CaseConflict):
    """The decision cannot be appealed, or not any more."""

    type = "appeal-refused"
    title = "There is no appeal"


class NotAffected(NotAllowed):
    """Only the tenant that a decision touches may appeal it."""

    type = "not-affected"
    advice = "Ask the tenant that the decision touches to appeal."


class OwnCase(NotAllowed):
    """Four eyes: this case is for somebody else to decide."""

    type = "own-case"
    advice = "Leave it to another member of staff."


class VerdictUnknown(Invalid):
    """Cases of this kind cannot be decided so."""

    type = "verdict-unknown"
