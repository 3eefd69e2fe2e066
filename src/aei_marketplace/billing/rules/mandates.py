"""Mandates: what a buyer agreed to, and when a renewal is charged to the method that is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aei_marketplace.billing.rules.charges import Charge
from aei_marketplace.billing.rules.prices import Model, Price, is_dearer
from aei_marketplace.billing.rules.purchases import PurchaseState

#: What is agreed to. Another wording gets another number: the number is kept with each consent.
TERMS = 1
WORDING = (
    "I agree that renewals of our subscriptions, also those that are open now, are charged to the method that"
    " I name, each at a price that somebody of us agreed to. I can take this back at any time."
)
#: After each refusal so long until the next attempt; then none. All of them lie within an invoice's term.
PAUSES = (timedelta(days=3), timedelta(days=4), timedelta(days=5))
_LONGEST_MONTH = timedelta(days=31)
#: What is charged by itself is what somebody still wants.
_WANTED = (PurchaseState.ACTIVE, PurchaseState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Mandate:
    """A tenant's consent to be charged for renewals.

    Attributes:
        state: `asked` while its method is not named yet, `kept`, or `withdrawn`.
        terms: the number of the wording that was agreed to.
        url, url_until: the provider's page on which the method is named, while it is open.
        customer, method: the provider's names.
        label: the method as its owner knows it.
        withdrawn_by: None where another took its place, its page was never finished, or it ended by itself.
    """

    id: UUID
    tenant_id: UUID
    provider: str
    state: str
    terms: int
    agreed_by: UUID
    agreed_at: datetime
    setup: str | None = None
    url: str | None = None
    url_until: datetime | None = None
    customer: str | None = None
    method: str | None = None
    label: str | None = None
    kept_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One charge of a renewal under a mandate.

    Attributes:
        state: of the payment: `reserved`, `open`, `succeeded`, `failed`, or `expired` without an answer.
        final: the method was refused for good.
        ended_at: when its end was known.
    """

    state: str
    final: bool
    ended_at: datetime | None


def next_attempt(since: datetime, tried: Sequence[Attempt]) -> datetime | None:
    """When a renewal is charged next; None: not by itself, or one attempt is under way.

    Args:
        since: when the invoice was issued, or the method was named if that was later.
        tried: what was tried for the invoice under the mandate, the oldest first.
    """
    if not tried:
        return since
    last = tried[-1]
    # What had no answer may have been paid: nobody asks again but the buyer.
    if last.state != "failed" or last.final or last.ended_at is None or len(tried) > len(PAUSES):
        return None
    return last.ended_at + PAUSES[len(tried) - 1]


def is_agreed(price: Price, agreed: Iterable[Price]) -> bool:
    """Whether somebody agreed to pay so much for the same."""
    return any(not is_dearer(each, price) for each in agreed)


def price_of(charge: Charge) -> Price:
    """What a period of a subscription was charged at, whatever it costs by now."""
    assert charge.period_end is not None, "a period of a subscription ends"
    per = "year" if charge.period_end - charge.period_start > _LONGEST_MONTH else "month"
    return Price(Model.SUBSCRIPTION, charge.currency, charge.net_minor, per)


def is_wanted(state: PurchaseState) -> bool:
    """Whether what a purchase owes for its renewal is charged by itself: not once it is cancelled."""
    return state in _WANTED
