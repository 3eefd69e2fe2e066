"""Whether an invoice is paid, and what is left of it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from aei_marketplace.billing.errors.invoices import CreditUnfit, InvoiceSettled, PaymentUnfit
from aei_marketplace.billing.rules.invoices import InvoiceLine
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import check_amount
from aei_marketplace.ledger.rules.allocation import reversal

#: Who owes is told when it is due, and again after so many days.
REMINDED_AFTER = (0, 7, 30)
LONGEST_REFERENCE = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """How an invoice stands.

    Attributes:
        state: `open`, `paid` or `credited`, which is wholly credited before it was paid.
        total, credited: minor units, with the tax.
        provider: who collected it; None while it is open.
        reference: how the payment is found there, or what staff wrote down.
        processor_fee: what the provider kept, in minor units.
        marked_by: the member of staff who marked it as paid.
        reminders: how many notices have said that it is due.
    """

    invoice_id: UUID
    state: str
    total: int
    credited: int
    due_at: datetime
    paid_at: datetime | None = None
    provider: str | None = None
    reference: str | None = None
    processor_fee: int = 0
    marked_by: UUID | None = None
    reminders: int = 0

    @property
    def left(self) -> int:
        """What is still to be paid; nothing once it is paid."""
        return self.total - self.credited if self.state == "open" else 0

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been paid by now."""
        return self.state == "open" and self.due_at <= now


@dataclass(frozen=True, slots=True)
class Credited:
    """How much of a line is credited, in minor units."""

    net: int = 0
    tax: int = 0

    @property
    def total(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Payment:
    """What staff saw arrive.

    Attributes:
        on: the day of the bank's statement, UTC.
        reference: how it is found there.
        amount: minor units.
    """

    on: date
    reference: str
    amount: int


def check_payment(
    standing: Standing, currency: str, payment: Payment, issued_at: datetime, now: datetime
) -> None:
    """Refuse a payment that does not settle the invoice.

    Raises:
        InvoiceSettled: nothing is left to pay.
        PaymentUnfit: the amount is another, the day is not one between issue and now, or no reference.
    """
    check_open(standing)
    faults = []
    if type(payment.amount) is not int or payment.amount != standing.left:
        faults.append(
            Fault("/amount_minor", f"exactly {standing.left} minor units of {currency}", "amount_differs")
        )
    if not issued_at.astimezone(UTC).date() <= payment.on <= now.astimezone(UTC).date():
        faults.append(Fault("/paid_on", "a day from the invoice's issue to today, UTC", "day_unfit"))
    if not 1 <= len(payment.reference.strip()) <= LONGEST_REFERENCE:
        faults.append(Fault("/reference", f"1 to {LONGEST_REFERENCE} characters"))
    if faults:
        raise PaymentUnfit("The payment does not fit the invoice.", faults=faults)


def check_open(standing: Standing) -> None:
    """Refuse to settle an invoice twice.

    Raises:
        InvoiceSettled: it is paid, or credited whole.
    """
    if standing.state == "paid":
        raise InvoiceSettled("The invoice is paid already.")
    if standing.state == "credited":
        raise InvoiceSettled("The invoice is credited whole.")


def moment_of(day: date, issued_at: datetime) -> datetime:
    """The moment at which a payment of a day counts: its beginning, UTC, but never before the invoice."""
    return max(issued_at, datetime.combine(day, time(), UTC))


def credit_of(line: InvoiceLine, before: Credited, amount: int) -> Credited:
    """What of an amount that is credited is net, and what is tax.

    Reckoned on the whole that is credited: pieces come to what one credit would.

    Args:
        before: what is credited of the line already.
        amount: minor units with the tax.

    Raises:
        CreditUnfit: more than is left.
        AmountUnfit: it is no amount.
    """
    check_amount(amount)
    left = line.total_minor - before.total
    if amount > left:
        raise CreditUnfit(f"{amount} minor units are more than the {left} that are left of the line.")
    parts = (line.net_minor, line.tax_minor)
    net, tax = reversal(parts, before.total, before.total + amount)
    return Credited(net, tax)


def reminders_due(due_at: datetime, now: datetime) -> int:
    """How many notices should have said by now that an open invoice is due."""
    return sum(now >= due_at + timedelta(days=days) for days in REMINDED_AFTER)
