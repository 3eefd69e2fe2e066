"""Refusals of disputes."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooLarge


class DisputeNotFound(NotFound):
    """There is no such dispute, or it is between others."""

    type = "dispute-not-found"
    title = "No such dispute"
    advice = "GET /api/disputes lists those that you may see."


class DisputeUnfit(Invalid):
    """What is disputed cannot be."""

    type = "dispute-unfit"
    title = "This cannot be disputed"


class DisputedAlready(Conflict):
    """The sale is disputed already."""

    type = "disputed-already"
    title = "It is disputed already"
    advice = "Add what you know to the dispute that is open."


class DisputeDecided(Conflict):
    """The dispute has ended."""

    type = "dispute-decided"
    title = "The dispute has ended"
    advice = "Look at it as it stands now."


class DisputeChanged(Refusal):
    """Somebody changed the dispute since the caller read it."""

    status = 412
    type = "dispute-changed"
    title = "It has changed meanwhile"
    advice = "Look at it as it stands now, and decide anew."


class BankDecides(Conflict):
    """The buyer's bank decides this dispute, and nobody here."""

    type = "bank-decides"
    title = "The bank decides"
    advice = "Add evidence here, and hand it to the provider before the deadline."


class OwnDispute(NotAllowed):
    """Nobody decides a dispute of a tenant that they belong to."""

    type = "own-dispute"
    title = "It is a dispute of your own tenant"
    advice = "Ask another member of staff who administers revenue."


class BuyersComplaint(NotAllowed):
    """Staff decide what a buyer complains of; they do not take it back."""

    type = "buyers-complaint"
    title = "It is the buyer's complaint"
    advice = "Decide it with POST /api/disputes/{id}/verdict."


class EvidenceUnfit(Invalid):
    """The evidence cannot be kept."""

    type = "evidence-unfit"
    title = "The evidence cannot be kept"


class EvidenceTooLarge(TooLarge):
    """The file is larger than evidence may be."""

    type = "evidence-too-large"
    advice = "Send at most 5 MiB; split or shrink it."
