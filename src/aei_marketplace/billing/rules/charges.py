"""Charges: what a purchase has come to, one line of an invoice each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of an invoice for one purchase.

    Attributes:
        key: the line's key: names the sale for good.
        source: `one_time`, `subscription` or `usage`.
        quantity: runs of usage, else 1.
        net_minor: minor units without tax.
        period_end: None of what was bought for good.
        receipt_root: of usage, the Merkle root over its executions.
    """

    key: str
    tenant_id: UUID
    purchase_id: UUID
    plugin_id: str
    source: str
    currency: str
    quantity: int
    net_minor: int
    period_start: datetime
    period_end: datetime | None
    receipt_root: bytes | None
    invoice_id: UUID
    charged_at: datetime
    due_at: datetime
    paid_at: datetime | None = None

    def shape(self) -> Mapping[str, Any]:
        """For programs."""
        return {
            "key": self.key,
            "plugin_id": self.plugin_id,
            "source": self.source,
            "quantity": self.quantity,
            "net": {"amount_minor": self.net_minor, "currency": self.currency},
            "period_start": self.period_start,
            "period_end": self.period_end,
            "receipt_root": None if self.receipt_root is None else self.receipt_root.hex(),
            "invoice_id": self.invoice_id,
            "charged_at": self.charged_at,
            "due_at": self.due_at,
            "paid_at": self.paid_at,
        }
