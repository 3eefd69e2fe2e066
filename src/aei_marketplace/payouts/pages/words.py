"""Where the pages lie, and what states and kinds of lines are called on them."""

from dataclasses import dataclass

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts.rules.payouts import State

REVENUE, STATEMENTS, PAYOUTS = "/publisher/revenue", "/publisher/statements", "/admin/payouts"


@dataclass(frozen=True, slots=True)
class Word:
    """What a state is called, how it is meant, and what it says."""

    label: str
    meaning: str
    says: str


WORDS: dict[str, Word] = {
    State.DRAFT: Word("Draft", "", "It is being reserved."),
    State.TAX_CHECK: Word("Waits for approval", "note", "Reserved; a second person approves it."),
    State.APPROVED: Word("Approved", "note", "It is released from day 15 on."),
    State.RELEASED: Word("Released", "note", "It is on its way."),
    State.PAID: Word("Paid", "ok", "It has left the bank."),
    State.FAILED: Word("Failed", "danger", "It did not arrive; the amount is back in the balance."),
    State.CANCELLED: Word("Cancelled", "warn", "The amount is back in the balance."),
}
#: What statements call the kinds of lines.
KINDS: dict[str, str] = {
    "sale": "Sales",
    "refund": "Refunds",
    "hold": "Disputes held",
    "release": "Disputes released",
    "charge": "Fees charged",
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def month(period: Period) -> str:
    """`November 2026`."""
    return f"{_MONTHS[period.month - 1]} {period.year}"


def short_month(period: Period) -> str:
    """`Nov 2026`."""
    return f"{_MONTHS[period.month - 1][:3]} {period.year}"


def seen_by(actor: Actor) -> bool:
    """Whether the actor looks after a tenant's money, and so sees its revenue."""
    return actor.tenant is not None and not actor.staff and actor.may("spend.administer")


def administered_by(actor: Actor) -> bool:
    """Whether the actor decides about payouts: for the navigation."""
    return actor.may("revenue.administer")
