"""The way to a provider of payments, and what stands there where is none."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from aei_marketplace.ground.ports.billing.orders import (
    Bill,
    Collection,
    Fee,
    KeptBill,
    MandateWanted,
    RefundAnswer,
    Transaction,
    TransferOrder,
)
from aei_marketplace.ground.ports.billing.refusals import ProviderRefused, WebhookRefused
from aei_marketplace.ground.ports.billing.told import PaymentFailed, PaymentSeen, Told


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

    async def open_mandate(self, wanted: MandateWanted, key: str, /) -> Collection:
        """Have a buyer name a method of payment that is kept.

        Raises:
            ProviderRefused, Unavailable: as `charge`.
        """
        ...

    async def charge_kept(self, bill: KeptBill, key: str, /) -> str:
        """Charge a kept method without the buyer; the provider's name of the payment.

        What becomes of it is told by a webhook.

        Raises:
            PaymentDeclined: the bank does not pay.
            ProviderRefused, Unavailable: as `charge`.
        """
        ...

    async def end_page(self, page: str, payment_id: UUID, /) -> PaymentSeen | PaymentFailed | None:
        """End a page of `charge`, unless somebody has paid on it, and say what became of it.

        Args:
            page: the provider's name of it.
            payment_id: our name of the attempt.

        Returns:
            None while a payment is under way: banks take days for some.

        Raises:
            ProviderRefused: it knows of no such page.
            Unavailable: as `charge`.
        """
        ...

    async def outcome_of(self, payment: str, payment_id: UUID, /) -> PaymentSeen | PaymentFailed | None:
        """What became of a charge to a kept method; None while it is under way.

        Args:
            payment: the provider's name of it.
            payment_id: our name of the attempt.

        Raises:
            ProviderRefused: it knows of no such payment.
            Unavailable: as `charge`.
        """
        ...

    async def label_of(self, method: str, /) -> str:
        """A kept method as its owner knows it, such as `Visa ending in 4242`.

        Raises:
            ProviderRefused, Unavailable: as `charge`.
        """
        ...

    async def forget_method(self, method: str, /) -> None:
        """Have the provider keep a method no more. Done twice, done once.

        Raises:
            ProviderRefused, Unavailable: as `charge`.
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

    async def open_mandate(self, _wanted: MandateWanted, _key: str) -> Collection:
        """Refuse."""
        raise ProviderRefused("Nobody keeps methods of payment here.")

    async def charge_kept(self, _bill: KeptBill, _key: str) -> str:
        """Refuse."""
        raise ProviderRefused("Nobody keeps methods of payment here.")

    async def end_page(self, _page: str, _payment_id: UUID) -> PaymentSeen | PaymentFailed | None:
        """Refuse."""
        raise ProviderRefused("Invoices are paid by bank transfer here.")

    async def outcome_of(self, _payment: str, _payment_id: UUID) -> PaymentSeen | PaymentFailed | None:
        """Refuse."""
        raise ProviderRefused("Nobody keeps methods of payment here.")

    async def label_of(self, _method: str) -> str:
        """Refuse."""
        raise ProviderRefused("Nobody keeps methods of payment here.")

    async def forget_method(self, _method: str) -> None:
        """Refuse."""
        raise ProviderRefused("Nobody keeps methods of payment here.")

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
