"""Reading Stripe's events: of each only what the marketplace acts on.

Source: https://docs.stripe.com/api/events/types. Of events that tell the same, one is read:
`payment_intent.succeeded` and not `charge.succeeded`, `refund.*` and not `charge.refunded`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from aei_marketplace.adapters.billing.stripe_amounts import from_stripe
from aei_marketplace.adapters.billing.stripe_declines import is_final
from aei_marketplace.ground.ports.billing import (
    DisputeSeen,
    Irrelevant,
    MethodKept,
    PaymentFailed,
    PaymentSeen,
    RefundSeen,
    Seen,
    Told,
    TransferBack,
)

#: Under these names our own stand in the metadata of what Stripe is asked for.
PAYMENT, REFUND, PAYOUT, MANDATE = "aei_payment", "aei_refund", "aei_payout", "aei_mandate"
_REFUND_STATES = {"succeeded": "returned", "failed": "failed", "canceled": "failed"}


class _Payment(msgspec.Struct):
    id: str
    amount_received: int
    currency: str
    metadata: dict[str, str] | None = None


class _Declined(msgspec.Struct):
    code: str | None = None
    decline_code: str | None = None


class _Failure(msgspec.Struct):
    id: str
    last_payment_error: _Declined | None = None
    metadata: dict[str, str] | None = None


class _Setup(msgspec.Struct):
    customer: str | None = None
    payment_method: str | None = None
    metadata: dict[str, str] | None = None


class _Refund(msgspec.Struct):
    id: str
    amount: int
    currency: str
    status: str | None = None
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None


class _Movement(msgspec.Struct):
    fee: int
    currency: str


class _Evidence(msgspec.Struct):
    due_by: int | None = None


class _Dispute(msgspec.Struct):
    id: str
    amount: int
    currency: str
    status: str
    created: int
    payment_intent: str | None = None
    balance_transactions: list[_Movement] = []
    evidence_details: _Evidence | None = None


class _Transfer(msgspec.Struct):
    id: str
    amount_reversed: int
    currency: str
    metadata: dict[str, str] | None = None


class _Data(msgspec.Struct):
    object: msgspec.Raw


class _Event(msgspec.Struct):
    id: str
    type: str
    created: int
    data: _Data


def read_event(body: bytes) -> Told:
    """What an event says.

    Raises:
        ValueError: it is none, or an amount in it is no whole number of minor units.
    """
    event = msgspec.json.decode(body, type=_Event)
    if not 0 < len(event.id) <= 200 or not 0 < len(event.type) <= 100:
        raise ValueError("the event has no name or kind")
    read = _READERS.get(event.type)
    seen = Irrelevant("nothing is done about such events") if read is None else read(bytes(event.data.object))
    return Told(event.id, event.type, _moment(event.created), seen)


def _payment(body: bytes) -> Seen:
    it = msgspec.json.decode(body, type=_Payment)
    currency = it.currency.upper()
    return PaymentSeen(
        it.id, _ours(it.metadata, PAYMENT), from_stripe(it.amount_received, currency), currency
    )


def _failure(body: bytes) -> Seen:
    it = msgspec.json.decode(body, type=_Failure)
    error = it.last_payment_error or _Declined()
    reason = error.decline_code or error.code or "no reason given"
    return PaymentFailed(it.id, _ours(it.metadata, PAYMENT), reason[:100], is_final(reason))


def _setup(body: bytes) -> Seen:
    it = msgspec.json.decode(body, type=_Setup)
    if it.customer is None or it.payment_method is None:
        return Irrelevant("a method of payment that belongs to nobody")
    return MethodKept(_ours(it.metadata, MANDATE), it.customer, it.payment_method)


def _refund(body: bytes) -> Seen:
    it = msgspec.json.decode(body, type=_Refund)
    if it.payment_intent is None:
        return Irrelevant("a refund of what was never asked for here")
    currency, state = it.currency.upper(), _REFUND_STATES.get(it.status or "", "asked")
    amount, ours = from_stripe(it.amount, currency), _ours(it.metadata, REFUND)
    return RefundSeen(it.id, ours, it.payment_intent, amount, currency, state)


def _dispute(body: bytes) -> Seen:
    it = msgspec.json.decode(body, type=_Dispute)
    if it.status.startswith("warning_"):
        return Irrelevant("an inquiry: no money moves")
    if it.payment_intent is None:
        return Irrelevant("a dispute about what was never asked for here")
    currency = it.currency.upper()
    fees = [max(0, each.fee) for each in it.balance_transactions if each.currency.upper() == currency]
    due = it.evidence_details.due_by if it.evidence_details is not None else None
    return DisputeSeen(
        it.id,
        it.payment_intent,
        from_stripe(it.amount, currency),
        currency,
        it.status if it.status in ("won", "lost") else "opened",
        from_stripe(sum(fees), currency),
        _moment(it.created),
        None if due is None else _moment(due),
    )


def _dispute_opened(body: bytes) -> Seen:
    """A dispute's beginning, whatever had become of it when the event was written."""
    seen = _dispute(body)
    return replace(seen, state="opened") if isinstance(seen, DisputeSeen) else seen


def _dispute_closed(body: bytes) -> Seen:
    seen = _dispute(body)
    if isinstance(seen, DisputeSeen) and seen.state == "opened":
        return Irrelevant("a dispute that ended without a decision")
    return seen


def _transfer(body: bytes) -> Seen:
    it = msgspec.json.decode(body, type=_Transfer)
    currency = it.currency.upper()
    return TransferBack(
        it.id, _ours(it.metadata, PAYOUT), from_stripe(it.amount_reversed, currency), currency
    )


_READERS: dict[str, Callable[[bytes], Seen]] = {
    "payment_intent.succeeded": _payment,
    "payment_intent.payment_failed": _failure,
    "setup_intent.succeeded": _setup,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute_opened,
    "charge.dispute.closed": _dispute_closed,
    "transfer.reversed": _transfer,
}


def _ours(metadata: dict[str, str] | None, name: str) -> UUID | None:
    try:
        return UUID((metadata or {}).get(name, ""))
    except ValueError:
        return None


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("a time is none") from error
