"""What a provider of payments is asked for, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be collected.

    Attributes:
        payment_id: our name of the attempt, which the provider hands back with what it tells.
        number: the invoice's.
        amount: minor units of ISO 4217.
        customer: the provider's name of the buyer; None when it has none yet.
        return_url: where the buyer's browser goes afterwards.
    """

    payment_id: UUID
    number: str
    amount: int
    currency: str
    name: str
    email: str | None
    customer: str | None
    return_url: str


@dataclass(frozen=True, slots=True)
class MandateWanted:
    """A method of payment that the provider is to keep, for charges without the buyer.

    Attributes:
        mandate_id: our name of the consent, which the provider hands back with what it tells.
        customer: the provider's name of the buyer; None when it has none yet.
        return_url: where the buyer's browser goes afterwards.
    """

    mandate_id: UUID
    name: str
    email: str | None
    customer: str | None
    return_url: str


@dataclass(frozen=True, slots=True)
class KeptBill:
    """What is to be charged to a method that the provider keeps, without the buyer.

    Attributes:
        payment_id: our name of the attempt.
        number: the invoice's.
        amount: minor units of ISO 4217.
        customer, method: the provider's names.
    """

    payment_id: UUID
    number: str
    amount: int
    currency: str
    customer: str
    method: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Where the buyer pays, or names a method that is kept.

    Attributes:
        reference: the provider's name of what it was asked for.
        until: when `url` ends.
        customer: the provider's name of the buyer.
    """

    reference: str
    url: str
    until: datetime
    customer: str


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """How a provider took the order to return money.

    Attributes:
        reference: its name of the refund.
        returned: it is done; otherwise the provider tells later.
    """

    reference: str
    returned: bool


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """Money to a creator.

    Attributes:
        payout_id: our name of it.
        destination: the provider's name of the creator's account.
        amount: minor units of ISO 4217.
    """

    payout_id: UUID
    destination: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Fee:
    """What a provider kept of a payment, in the currency in which it keeps its books."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """A movement in the provider's own books.

    Attributes:
        kind: `payment`, `refund`, `dispute`, `transfer` or `other`.
        subject: the provider's name of the payment, refund, dispute or transfer.
        amount: minor units of ISO 4217; negative where money left.
        fee: what the provider kept of it.
    """

    id: str
    kind: str
    subject: str
    amount: int
    fee: int
    currency: str
    occurred_at: datetime
