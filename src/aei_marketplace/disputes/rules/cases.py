"""Disputes: what may be disputed, until when, and how one ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.disputes.errors import BankDecides, BuyersComplaint, DisputeDecided, DisputeUnfit
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import check_amount, write_amount

#: For so long after it was paid a sale can be complained of.
COMPLAINT_WITHIN = timedelta(days=120)
#: So long both sides may show evidence, and so long staff have to decide.
EVIDENCE_FOR, DECIDED_WITHIN = timedelta(days=7), timedelta(days=14)
#: Whoever has shown nothing is reminded so long before the deadline.
REMINDED_BEFORE = timedelta(days=1)
LONGEST_TEXT = 2_000


class State(StrEnum):
    """Where a dispute is in its life; `won` and `lost` are the creator's."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """Who decides: staff over a complaint, the bank over a chargeback."""

    COMPLAINT = "complaint"
    CHARGEBACK = "chargeback"


class Side(StrEnum):
    """Who speaks."""

    BUYER = "buyer"
    CREATOR = "creator"
    STAFF = "staff"
    PROVIDER = "provider"
    MARKETPLACE = "marketplace"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute about one sale.

    Attributes:
        amount: minor units with the tax.
        provider, provider_dispute: whose word it came by, and how they name it; None of complaints.
        evidence_due_at: until when both sides may show evidence.
        decide_due_at: until when staff decide; None where the bank does.
        fee: what the provider keeps for it, in minor units.
        verdict: why it ended so, as both sides read it.
        credit_note_id: what the buyer was credited by; None where nothing was.
        version: grows with each change.
    """

    id: UUID
    kind: Kind
    opened_by: Side
    provider: str | None
    provider_dispute: str | None
    sale_key: str
    invoice_id: UUID
    plugin_id: str
    buyer: UUID
    creator: UUID
    currency: str
    amount: int
    reason: str | None
    state: State
    opened_at: datetime
    evidence_due_at: datetime
    decide_due_at: datetime | None
    fee: int
    verdict: str | None
    decided_at: datetime | None
    credit_note_id: UUID | None
    version: int

    @property
    def ledger_key(self) -> str:
        """What sales call it."""
        return f"dispute:{self.id}"


def check_complaint(amount: object, left: int, currency: str, sold_at: datetime, now: datetime) -> int:
    """How much of a sale is complained of.

    Args:
        amount: minor units with the tax.
        left: what was neither refunded nor is held already, in minor units of the currency too.
        sold_at: when the sale was paid.

    Raises:
        AmountUnfit: it is no amount.
        DisputeUnfit: it is more than is left, or too late.
    """
    wanted = check_amount(amount, "/amount_minor")
    if now - sold_at > COMPLAINT_WITHIN:
        raise DisputeUnfit(f"A sale is complained of within {COMPLAINT_WITHIN.days} days.")
    if wanted > left:
        fault = Fault(
            "/amount_minor",
            f"at most {write_amount(left, currency)} {currency} are left of it",
            "more_than_left",
        )
        raise DisputeUnfit("More cannot be disputed than is left of the sale.", faults=[fault])
    return wanted


def end_complaint(dispute: Dispute, to: State) -> State:
    """Whether people can end it so.

    Raises:
        BankDecides: it is a chargeback.
        DisputeDecided: it has ended.
    """
    if dispute.kind is Kind.CHARGEBACK:
        raise BankDecides("The buyer's bank decides this dispute.")
    return end(dispute, to)


def check_withdrawal(dispute: Dispute, side: Side) -> None:
    """Refuse that a complaint is taken back by who neither made it nor bought.

    Raises:
        BankDecides, DisputeDecided: there is nothing to withdraw.
        BuyersComplaint: staff would take back what they did not open.
    """
    end_complaint(dispute, State.WITHDRAWN)
    if side is Side.STAFF and dispute.opened_by is not Side.STAFF:
        raise BuyersComplaint("The buyer has complained, and staff decide with a reason.")


def end(dispute: Dispute, to: State) -> State:
    """Whether it can end so.

    Raises:
        DisputeDecided: it has ended.
    """
    if dispute.state is not State.OPENED:
        raise DisputeDecided(f"It is {dispute.state} already.")
    return to


def side_of(dispute: Dispute, tenant: UUID | None) -> Side:
    """On which side somebody stands who may see it.

    Args:
        tenant: in which they act; None for staff.
    """
    if tenant is None:
        return Side.STAFF
    return Side.BUYER if tenant == dispute.buyer else Side.CREATOR
