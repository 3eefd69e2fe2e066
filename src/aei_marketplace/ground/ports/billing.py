"""Who collects money from buyers, returns it, and pays creators. Never called inside a work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from aei_marketplace.ground.errors import Refusal, Unavailable


class ProviderRefused(Unavailable):
    """The provider will not do what it was asked: asking again is of no use."""

    type = "billing-provider-refused"
    title = "The payment provider refuses"
    advice = "The reason stands beside; the operator may know more."
    retry = False


class WebhookRefused(Refusal):
    """What claims to come from a provider is not proved to, or not to be of now."""

    type = "webhook-refused"
    title = "The webhook is refused"
    advice = "Check the endpoint's signing secret, and the clocks of both sides."


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
class Collection:
    """Where the buyer pays.

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


Seen = PaymentSeen | RefundSeen | DisputeSeen | TransferBack | Irrelevant


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


class BillingProvider(Protocol):
    """The way to a provider of payments.

    Every call that moves money carries a key: the same key again is the same order, done once. A provider
    may forget a key after 24 hours.

    Attributes:
        name: as invoices, events and the webhook's path have it.
        online: whether it collects and returns money itself; otherwise staff do and say so.
    """

    name: str
    online: bool

    async def charge(self, bill: Bill, key: str, /) -> Collection:
        """Have a buyer pay.

        Raises:
            ProviderRefused: it will not.
            Unavailable: no answer came; ask again with the same key.
        """
        ...

    async def refund(
        self, payment: str, amount: int, currency: str, refund_id: UUID, key: str, /
    ) -> RefundAnswer:
        """Return money of a payment.

        Raises:
            ProviderRefused, Unavailable: as `charge`.
        """
        ...

    async def transfer(self, order: TransferOrder, key: str, /) -> str:
        """Pay a creator; the provider's name of the transfer.

        Raises:
            ProviderRefused, Unavailable: as `charge`.
        """
        ...

    async def fee_of(self, payment: str, /) -> Fee | None:
        """What the provider kept of a payment; None while it does not say.

        Raises:
            ProviderRefused, Unavailable: as `charge`.
        """
        ...

    async def list_transactions(self, since: datetime, until: datetime, /) -> Sequence[Transaction]:
        """What moved in the provider's books from one moment to before another.

        Raises:
            ProviderRefused, Unavailable: as `charge`.
        """
        ...

    def read_webhook(self, body: bytes, headers: Mapping[str, str], now: datetime, /) -> Told:
        """An event, once it is proved to be the provider's and of now.

        Args:
            body: exactly as it was received.
            headers: with names in small letters.

        Raises:
            WebhookRefused: it is not.
        """
        ...


class ManualBilling:
    """No provider: buyers pay by bank transfer, and staff say what has come in and gone back."""

    name = "manual"
    online = False

    async def charge(self, _bill: Bill, _key: str) -> Collection:
        """Refuse."""
        raise ProviderRefused("Invoices are paid by bank transfer here.")

    async def refund(
        self, _payment: str, _amount: int, _currency: str, _refund_id: UUID, _key: str
    ) -> RefundAnswer:
        """Refuse."""
        raise ProviderRefused("Money is returned by bank transfer here.")

    async def transfer(self, _order: TransferOrder, _key: str) -> str:
        """Refuse."""
        raise ProviderRefused("Creators are paid by bank transfer here.")

    async def fee_of(self, _payment: str) -> Fee | None:
        """None: nobody takes one."""
        return None

    async def list_transactions(self, _since: datetime, _until: datetime) -> Sequence[Transaction]:
        """None: what staff marked is all that is known."""
        return ()

    def read_webhook(self, _body: bytes, _headers: Mapping[str, str], _now: datetime) -> Told:
        """Refuse."""
        raise WebhookRefused("No provider is set up that would tell anything.")
