"""Invoices: what a buyer owes for which lines, with the tax on them. Issued once, never changed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.billing.errors.invoices import DraftUnfit
from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import MOST, check_amount, check_currency

#: So many lines may an invoice have.
MOST_LINES = 1_000
KINDS = ("one_time", "subscription", "usage")
#: The ledger and disputes add words of their own to a key.
LONGEST_TEXT, LONGEST_KEY = 500, 120


@dataclass(frozen=True, slots=True)
class DraftLine:
    """What is to be invoiced, before the tax on it is known.

    Attributes:
        key: names the sale for good; refunds and disputes name it, and it is invoiced once.
        kind: `one_time`, `subscription` or `usage`.
        version: the release that was used or installed, where there is one.
        creator: the publisher's tenant.
        text: what the buyer reads.
        quantity: how many units; 1 for what is not counted.
        unit_micros: the price of one, in millionths of the currency's major unit.
        net_minor: the price of all of them without tax, rounded once, in minor units.
        earned_at: when it was earned, which decides the creator's share: for usage the end of its period.
    """

    key: str
    kind: str
    plugin_id: str
    version: str | None
    creator: UUID
    text: str
    quantity: int
    unit_micros: int
    net_minor: int
    earned_at: datetime
    purchase_id: UUID


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """What a buyer is to pay.

    Attributes:
        buyer: the tenant that pays.
        reason: why it is issued now, as its audit entry says: `purchase`, `renewal` or `usage`.
    """

    buyer: UUID
    currency: str
    lines: tuple[DraftLine, ...]
    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class InvoiceLine(DraftLine):
    """A line as it stands on the invoice.

    Attributes:
        category: tax category of what was sold.
        rate_bps: the tax rate in basis points; 0 under reverse charge.
        tax_minor: this line's part of the tax.
    """

    category: str
    rate_bps: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """What is paid for it, with the tax."""
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class TaxSum:
    """The tax of one rate: what it is reckoned on, and what it comes to, in minor units."""

    rate_bps: int
    base: int
    amount: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued invoice. Whether it is paid stands beside it, in `Standing`.

    Attributes:
        number: gapless within its year: `INV-2026-000001`.
        buyer: the tenant that pays.
        seller, billed_to: as they were when it was issued.
        reverse_charge: the buyer owes the tax (article 196 of directive 2006/112/EC).
    """

    id: UUID
    number: str
    buyer: UUID
    currency: str
    issued_at: datetime
    due_at: datetime
    reason: str
    seller: Party
    billed_to: Party
    reverse_charge: bool
    lines: tuple[InvoiceLine, ...]

    @property
    def net(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax_minor for line in self.lines)

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def taxes(self) -> tuple[TaxSum, ...]:
        """The tax by rate, the highest first."""
        return tax_sums((line.rate_bps, line.net_minor, line.tax_minor) for line in self.lines)


def tax_sums(lines: Iterable[tuple[int, int, int]]) -> tuple[TaxSum, ...]:
    """Sums of rate, base and amount by rate, the highest rate first."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for rate, base, amount in lines:
        sums[rate][0] += base
        sums[rate][1] += amount
    return tuple(TaxSum(rate, *sums[rate]) for rate in sorted(sums, reverse=True))


def check_draft(draft: InvoiceDraft, now: datetime) -> None:
    """Refuse what cannot be invoiced.

    Raises:
        DraftUnfit: no line or too many, two of one key, a text or count out of bounds, due before its issue.
        AmountUnfit: an amount is none, or the currency is not known.
    """
    check_currency(draft.currency)
    if not 1 <= len(draft.lines) <= MOST_LINES:
        raise DraftUnfit(f"An invoice has 1 to {MOST_LINES} lines, not {len(draft.lines)}.")
    if len({line.key for line in draft.lines}) < len(draft.lines):
        raise DraftUnfit("Two lines of the invoice have one key.")
    if draft.due_at < now:
        raise DraftUnfit("The invoice would be due before it is issued.")
    faults = [fault for at, line in enumerate(draft.lines) for fault in _faults(f"/lines/{at}", line)]
    if faults:
        raise DraftUnfit("Lines of the invoice have problems.", faults=faults)
    check_amount(sum(line.net_minor for line in draft.lines), "/lines")


def _faults(at: str, line: DraftLine) -> Sequence[Fault]:
    check_amount(line.net_minor, f"{at}/net_minor")
    checks = (
        ("key", 1 <= len(line.key) <= LONGEST_KEY, f"1 to {LONGEST_KEY} characters"),
        ("kind", line.kind in KINDS, f"one of {', '.join(KINDS)}"),
        ("text", 1 <= len(line.text) <= LONGEST_TEXT, f"1 to {LONGEST_TEXT} characters"),
        ("quantity", _whole(line.quantity, 1), f"a whole number from 1 to {MOST}"),
        ("unit_micros", _whole(line.unit_micros, 0), f"a whole number to {MOST * 10**6}"),
    )
    return [Fault(f"{at}/{name}", wanted) for name, good, wanted in checks if not good]


def _whole(value: object, least: int) -> bool:
    return type(value) is int and least <= value <= MOST * 10**6
