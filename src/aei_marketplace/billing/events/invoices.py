"""What becomes of invoices."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class InvoiceIssued:
    """An invoice has its number and never changes."""

    kind: ClassVar[str] = "billing.invoice_issued"
    invoice_id: UUID
    buyer: UUID


@dataclass(frozen=True, slots=True)
class InvoicePaid:
    """What was left of an invoice is paid.

    Attributes:
        processor_fee: minor units that the provider kept, in the invoice's currency.
    """

    kind: ClassVar[str] = "billing.invoice_paid"
    invoice_id: UUID
    buyer: UUID
    paid_at: datetime
    processor_fee: int


@dataclass(frozen=True, slots=True)
class InvoiceOverdue:
    """An invoice is not paid.

    Attributes:
        days: how long it has been due: 0, 7 or 30.
    """

    kind: ClassVar[str] = "billing.invoice_overdue"
    invoice_id: UUID
    buyer: UUID
    days: int


@dataclass(frozen=True, slots=True)
class CreditNoteIssued:
    """An invoice is credited, wholly or in part."""

    kind: ClassVar[str] = "billing.credit_note_issued"
    credit_note_id: UUID
    invoice_id: UUID
    buyer: UUID
