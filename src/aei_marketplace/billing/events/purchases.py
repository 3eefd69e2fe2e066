"""What becomes of purchases, where somebody should know."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PurchaseSuspended:
    """What is owed for it is overdue: it gives no access until it is paid."""

    kind: ClassVar[str] = "billing.purchase_suspended"
    purchase_id: UUID
    buyer: UUID
    plugin_id: str


@dataclass(frozen=True, slots=True)
class PurchaseEnded:
    """It gives no access any more.

    Attributes:
        because: why, as a clause in words.
    """

    kind: ClassVar[str] = "billing.purchase_ended"
    purchase_id: UUID
    buyer: UUID
    plugin_id: str
    because: str


@dataclass(frozen=True, slots=True)
class SpendNearCap:
    """A tenant has spent a part of what it allows itself in a month.

    Attributes:
        of: the plugin that the cap is about; None for all together.
        percent: 50, 80 or 100.
        cap: the amount in words.
    """

    kind: ClassVar[str] = "billing.spend_near_cap"
    buyer: UUID
    period: str
    of: str | None
    percent: int
    cap: str


@dataclass(frozen=True, slots=True)
class BuyerAccountChanged:
    """Staff have decided whether a tenant pays by invoice and has access at once."""

    kind: ClassVar[str] = "billing.buyer_account_changed"
    buyer: UUID
