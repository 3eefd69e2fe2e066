"""Credit notes: what is taken back of an invoice. Issued once, never changed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CreditLine:
    """What is credited of one line, in minor units.

    Attributes:
        key: of the invoice's line.
        rate_bps: the rate at which the line was taxed.
    """

    key: str
    text: str
    rate_bps: int
    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class CreditNote:
    """What is credited of an invoice.

    Attributes:
        number: gapless within its year: `CN-2026-000001`.
        reason: as the buyer reads it.
        unpaid: the invoice was not paid when it was credited: nothing goes back.
        taken: a bank had taken the money back before, which sales know as a dispute: nothing goes back.
    """

    id: UUID
    number: str
    invoice_id: UUID
    invoice_number: str
    buyer: UUID
    currency: str
    issued_at: datetime
    reason: str
    unpaid: bool
    taken: bool
    lines: tuple[CreditLine, ...]

    @property
    def refunds(self) -> bool:
        """Whether money goes back to the buyer for it."""
        return not self.unpaid and not self.taken

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        return self.net + self.tax
