"""What becomes of mandates, and of renewals that are charged under them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class MandateWithdrawn:
    """A method must not be charged any more: the provider is to forget it."""

    kind: ClassVar[str] = "billing.mandate_withdrawn"
    mandate_id: UUID


@dataclass(frozen=True, slots=True)
class RenewalCharged:
    """A renewal was charged to the kept method, and is paid.

    Attributes:
        amount: what was charged, in minor units of the invoice's currency: less than its total where a part
            had been credited.
    """

    kind: ClassVar[str] = "billing.renewal_charged"
    invoice_id: UUID
    mandate_id: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class RenewalDeclined:
    """A renewal could not be charged.

    Attributes:
        reason: as a clause in words.
        again_at: when it is tried again; None: not by itself.
        answered: the provider says that it is not charged; otherwise nobody knows.
    """

    kind: ClassVar[str] = "billing.renewal_declined"
    invoice_id: UUID
    mandate_id: UUID
    reason: str
    again_at: datetime | None
    answered: bool = True


@dataclass(frozen=True, slots=True)
class RenewalsStopped:
    """A bank took a charge to a kept method back for good: nothing is charged to that method any more.

    Attributes:
        invoice_id: what had been charged.
    """

    kind: ClassVar[str] = "billing.renewals_stopped"
    mandate_id: UUID
    invoice_id: UUID


@dataclass(frozen=True, slots=True)
class RenewalNear:
    """A year or a trial is over soon, and a period begins that costs something.

    Attributes:
        price: what it costs, in words, as far as is known.
    """

    kind: ClassVar[str] = "billing.renewal_near"
    purchase_id: UUID
    buyer: UUID
    plugin_id: str
    price: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentWanted:
    """A renewal costs more than what the buyer agreed to, and is not charged by itself."""

    kind: ClassVar[str] = "billing.consent_wanted"
    purchase_id: UUID
    buyer: UUID
    plugin_id: str
    price: str
