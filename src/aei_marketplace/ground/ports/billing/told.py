"""What a provider of payments tells by itself."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentSeen:
    """A buyer has paid.

    Attributes:
        payment: the provider's name of the payment.
        payment_id: our name of the attempt, where it came back.
    """

    payment: str
    payment_id: UUID | None
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """An attempt to pay was declined.

    Attributes:
        payment_id: our name of the attempt, where it came back.
        reason: the provider's word for it.
        final: asking again is of no use before the buyer does something.
    """

    payment: str
    payment_id: UUID | None
    reason: str
    final: bool


@dataclass(frozen=True, slots=True)
class MethodKept:
    """A buyer has named a method of payment that the provider keeps.

    Attributes:
        mandate_id: our name of the consent, where it came back.
    """

    mandate_id: UUID | None
    customer: str
    method: str


@dataclass(frozen=True, slots=True)
class RefundSeen:
    """Money goes back to a buyer, or could not.

    Attributes:
        refund_id: our name of the refund; None for one that was made at the provider.
        state: `asked`, `returned` or `failed`.
    """

    refund: str
    refund_id: UUID | None
    payment: str
    amount: int
    currency: str
    state: str


@dataclass(frozen=True, slots=True)
class DisputeSeen:
    """A buyer's bank has taken a payment back, or has decided.

    Attributes:
        state: `opened`, `won` or `lost`.
        fee: what the provider keeps for it, in the payment's currency.
        opened_at: when the bank took it.
    """

    dispute: str
    payment: str
    amount: int
    currency: str
    state: str
    fee: int
    opened_at: datetime
    evidence_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class TransferBack:
    """Money that was transferred to a creator came back, wholly or in part.

    Attributes:
        payout_id: our name of the transfer, where it came back.
        amount: how much of it has come back in all, in minor units.
    """

    transfer: str
    payout_id: UUID | None
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Irrelevant:
    """Nothing that the marketplace acts on.

    Attributes:
        why: in a few words.
    """

    why: str


Seen = PaymentSeen | PaymentFailed | MethodKept | RefundSeen | DisputeSeen | TransferBack | Irrelevant


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a provider, proved to be the provider's.

    Attributes:
        event_id: the provider's name of it.
        kind: as the provider names such events.
    """

    event_id: str
    kind: str
    occurred_at: datetime
    seen: Seen
