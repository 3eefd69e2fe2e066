"""Stripe by its own library. Tested against a loopback server that signs; it has not met Stripe itself.

Source of the calls: https://docs.stripe.com/api, of keys: https://docs.stripe.com/api/idempotent_requests, of
webhooks: https://docs.stripe.com/webhooks/signature.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import aiohttp
import stripe
from stripe import StripeClient

from aei_marketplace.adapters.billing.stripe_amounts import AmountStrange, from_stripe, to_stripe
from aei_marketplace.adapters.billing.stripe_declines import is_final
from aei_marketplace.adapters.billing.stripe_events import MANDATE, PAYMENT, PAYOUT, REFUND, read_event
from aei_marketplace.adapters.billing.stripe_outcomes import outcome, page_outcome
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports.billing import (
    Bill,
    Collection,
    Fee,
    KeptBill,
    MandateWanted,
    PaymentDeclined,
    PaymentFailed,
    PaymentSeen,
    ProviderRefused,
    RefundAnswer,
    Told,
    Transaction,
    TransferOrder,
    WebhookRefused,
)

T = TypeVar("T")

#: How far a webhook's time may lie from ours, before and after. Stripe's library looks at the past alone.
TOLERANCE = timedelta(minutes=5)
#: So many movements are read for one report.
MOST_TRANSACTIONS = 50_000
#: What Stripe calls movements, and what they are here.
_KINDS = {
    "charge": "payment",
    "payment": "payment",
    "refund": "refund",
    "payment_refund": "refund",
    "adjustment": "dispute",
    "transfer": "transfer",
    "transfer_refund": "transfer",
}


class StripeBilling:
    """Collects by Checkout, returns by refunds, pays creators by Connect's transfers.

    Args:
        key: the secret key.
        webhook_secrets: of the endpoint; two while one takes the other's place.
        url: of the API; None for Stripe's own.
        patience: seconds for one call.
    """

    name = "stripe"
    online = True

    def __init__(
        self, key: str, webhook_secrets: Sequence[str], url: str | None = None, patience: float = 30.0
    ) -> None:
        self._key, self._secrets, self._url, self._patience = key, tuple(webhook_secrets), url, patience
        self._opened: tuple[StripeClient, stripe.AIOHTTPClient] | None = None

    async def charge(self, bill: Bill, key: str, /) -> Collection:
        """Open a Checkout session for an invoice, and a customer where the buyer has none."""
        amount = _converted(bill.amount, bill.currency)
        customer = bill.customer or await self._customer(bill.name, bill.email, f"{key}/customer")
        ours = {PAYMENT: str(bill.payment_id)}
        price = {
            "currency": bill.currency.lower(),
            "unit_amount": amount,
            "product_data": {"name": f"Invoice {bill.number}"},
        }
        params = {
            "mode": "payment",
            "customer": customer,
            "client_reference_id": str(bill.payment_id),
            "line_items": [{"quantity": 1, "price_data": price}],
            "metadata": ours,
            "payment_intent_data": {"metadata": ours, "description": f"Invoice {bill.number}"},
            "success_url": bill.return_url,
            "cancel_url": bill.return_url,
        }
        return await self._page(params, customer, key)

    async def open_mandate(self, wanted: MandateWanted, key: str, /) -> Collection:
        """Open a Checkout session that takes no money and keeps a card for charges without its owner."""
        customer = wanted.customer or await self._customer(wanted.name, wanted.email, f"{key}/customer")
        params = {
            "mode": "setup",
            "customer": customer,
            # Stripe asks for a currency where the kinds are left open, and a mandate has none.
            "payment_method_types": ["card"],
            "setup_intent_data": {"metadata": {MANDATE: str(wanted.mandate_id)}},
            "success_url": wanted.return_url,
            "cancel_url": wanted.return_url,
        }
        return await self._page(params, customer, key)

    async def charge_kept(self, bill: KeptBill, key: str, /) -> str:
        """Confirm a payment without its payer."""
        params = {
            "amount": _converted(bill.amount, bill.currency),
            "currency": bill.currency.lower(),
            "customer": bill.customer,
            "payment_method": bill.method,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "description": f"Invoice {bill.number}",
            "metadata": {PAYMENT: str(bill.payment_id)},
        }
        made = await self._ask(self._v1.payment_intents.create_async(_params(params), _once(key)))
        if made.status not in ("succeeded", "processing"):
            raise PaymentDeclined(f"Stripe leaves the payment {made.status}", final=True)
        return str(made.id)

    async def end_page(self, page: str, payment_id: UUID, /) -> PaymentSeen | PaymentFailed | None:
        """Expire a Checkout session that is open, and say what became of it."""
        sessions, expanded = self._v1.checkout.sessions, _params({"expand": ["payment_intent"]})
        found = await self._ask(sessions.retrieve_async(page, expanded))
        if found.status == "open":
            try:
                found = await self._ask(sessions.expire_async(page, expanded))
            except ProviderRefused:
                # Only what is open can be expired: somebody has just paid.
                found = await self._ask(sessions.retrieve_async(page, expanded))
        return page_outcome(found, payment_id)

    async def outcome_of(self, payment: str, payment_id: UUID, /) -> PaymentSeen | PaymentFailed | None:
        """What the PaymentIntent says by now."""
        return outcome(await self._ask(self._v1.payment_intents.retrieve_async(payment)), payment_id)

    async def label_of(self, method: str, /) -> str:
        """The card's brand, its last digits and its end."""
        found: Any = await self._ask(self._v1.payment_methods.retrieve_async(method))
        card = getattr(found, "card", None)
        if card is None:
            return str(found.type)
        until = f"{card.exp_year}-{card.exp_month:02}"
        return f"{str(card.brand).capitalize()} ending in {card.last4}, until {until}"

    async def forget_method(self, method: str, /) -> None:
        """Detach a method from its customer."""
        found: Any = await self._ask(self._v1.payment_methods.retrieve_async(method))
        if found.customer is not None:
            await self._ask(self._v1.payment_methods.detach_async(method))

    async def refund(
        self, payment: str, amount: int, currency: str, refund_id: UUID, key: str, /
    ) -> RefundAnswer:
        """Return money of a payment."""
        params = {
            "payment_intent": payment,
            "amount": _converted(amount, currency),
            "metadata": {REFUND: str(refund_id)},
        }
        made = await self._ask(self._v1.refunds.create_async(_params(params), _once(key)))
        if made.status in ("failed", "canceled"):
            raise ProviderRefused("Stripe could not return the money.")
        return RefundAnswer(made.id, made.status == "succeeded")

    async def transfer(self, order: TransferOrder, key: str, /) -> str:
        """Move money to a creator's connected account."""
        params = {
            "amount": _converted(order.amount, order.currency, out=True),
            "currency": order.currency.lower(),
            "destination": order.destination,
            "metadata": {PAYOUT: str(order.payout_id)},
        }
        made = await self._ask(self._v1.transfers.create_async(_params(params), _once(key)))
        return str(made.id)

    async def fee_of(self, payment: str, /) -> Fee | None:
        """What Stripe kept of a payment, from the movement in its books."""
        params = {"expand": ["latest_charge.balance_transaction"]}
        found: Any = await self._ask(self._v1.payment_intents.retrieve_async(payment, _params(params)))
        movement = getattr(found.latest_charge, "balance_transaction", None)
        if movement is None:
            return None
        currency = movement.currency.upper()
        return Fee(from_stripe(movement.fee, currency), currency)

    async def list_transactions(self, since: datetime, until: datetime, /) -> Sequence[Transaction]:
        """What moved in the account's balance."""
        created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        params = {"created": created, "limit": 100, "expand": ["data.source"]}
        page = await self._ask(self._v1.balance_transactions.list_async(_params(params)))
        found: list[Transaction] = []
        movements: AsyncIterator[Any] = page.auto_paging_iter()
        while (movement := await self._ask(anext(movements, None))) is not None:
            found.append(_transaction(movement))
            if len(found) > MOST_TRANSACTIONS:
                raise ProviderRefused("That time holds too many movements.", advice="Ask for a shorter one.")
        return found

    def read_webhook(self, body: bytes, headers: Mapping[str, str], now: datetime, /) -> Told:
        """An event that Stripe has signed, lately."""
        header = headers.get("stripe-signature", "")
        if not any(_is_signed(body, header, secret) for secret in self._secrets):
            raise WebhookRefused("The signature is missing, or not one of this endpoint over this body.")
        if abs(now.timestamp() - _signed_at(header)) > TOLERANCE.total_seconds():
            raise WebhookRefused("The signature is older than 5 minutes, or of a time that has not come.")
        try:
            return read_event(body)
        except ValueError as error:
            raise WebhookRefused(f"The event cannot be read: {error}") from error

    async def close(self) -> None:
        """Close the connections, if any were ever opened."""
        if self._opened is not None:
            await self._opened[1].close_async()  # type: ignore[no-untyped-call]  # the library has no type here

    async def _page(self, params: dict[str, Any], customer: str, key: str) -> Collection:
        made = await self._ask(self._v1.checkout.sessions.create_async(_params(params), _once(key)))
        if not (made.url or "").startswith("https://"):
            raise ProviderRefused("Stripe opened no page.")
        return Collection(made.id, made.url, datetime.fromtimestamp(made.expires_at, UTC), customer)

    async def _customer(self, name: str, email: str | None, key: str) -> str:
        params: dict[str, Any] = {"name": name}
        if email:
            params["email"] = email
        made = await self._ask(self._v1.customers.create_async(_params(params), _once(key)))
        return str(made.id)

    @property
    def _v1(self) -> Any:
        """The API, opened in the event loop that uses it."""
        if self._opened is None:
            http = stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=self._patience))
            addresses = {"api": self._url} if self._url else {}
            client = StripeClient(
                self._key,
                http_client=http,
                base_addresses=addresses,  # type: ignore[arg-type]  # the library's own is a TypedDict
                max_network_retries=2,
            )
            self._opened = client, http
        return self._opened[0].v1

    async def _ask(self, call: Awaitable[T]) -> T:
        """An answer; what goes wrong is told in our words: Stripe's could hold what was sent."""
        try:
            return await call
        except (stripe.APIConnectionError, stripe.RateLimitError) as error:
            raise Unavailable("Stripe does not answer.") from error
        except stripe.CardError as error:
            code = getattr(error.error, "decline_code", None) or error.code or "no reason given"
            raise PaymentDeclined(f"The bank declines: {code}", final=is_final(code)) from None
        except stripe.StripeError as error:
            status = error.http_status or 0
            if status in (401, 403):
                # Nothing was done, and the operator mends the key: what waits does not fail for good.
                raise Unavailable("Stripe does not accept the key, or not for this.") from None
            if status >= 500 or status == 409:
                raise Unavailable(f"Stripe answers {status}.") from error
            said = f"Stripe refuses: {status} {error.code or type(error).__name__}"
            raise ProviderRefused(said) from None


def _converted(amount: int, currency: str, *, out: bool = False) -> int:
    try:
        return to_stripe(amount, currency, out=out)
    except AmountStrange as strange:
        raise ProviderRefused(f"{strange}.", advice="Choose another way to pay it.") from strange


def _params(values: dict[str, Any]) -> Any:
    """The library types each call's parameters on its own; these are built from plain values."""
    return values


def _once(key: str) -> Any:
    return {"idempotency_key": key}


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        return header.isascii() and stripe.WebhookSignature.verify_header(body, header, secret, None)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False


def _signed_at(header: str) -> float:
    """The time that was signed, in seconds; endless where the header names none or several.

    Read exactly as the library reads it: otherwise an old signature could bear a new time beside its own.
    """
    times = [item.removeprefix("t=") for item in header.split(",") if item.startswith("t=")]
    return float(times[0]) if len(times) == 1 and times[0].isdecimal() else float("inf")


def _transaction(movement: Any) -> Transaction:
    currency, source = movement.currency.upper(), movement.source
    kind = _KINDS.get(movement.type, "other")
    if kind == "dispute" and getattr(source, "object", None) != "dispute":
        kind = "other"
    named = getattr(source, "payment_intent", None) if kind == "payment" else getattr(source, "id", None)
    return Transaction(
        movement.id,
        kind,
        str(named or movement.id),
        from_stripe(movement.amount, currency),
        from_stripe(movement.fee, currency),
        currency,
        datetime.fromtimestamp(movement.created, UTC),
    )
