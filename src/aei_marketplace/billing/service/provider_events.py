"""What providers tell: kept once, settled in whatever order it comes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.billing.events.disputes import DisputeTold
from aei_marketplace.billing.events.mandates import RenewalCharged
from aei_marketplace.billing.events.providers import EventRejected, ProviderTold, TransferReturned
from aei_marketplace.billing.rules.provider_events import (
    Asked,
    Settled,
    applied,
    contradiction,
    fill,
    ignored,
    parked,
    rejected,
    spread,
)
from aei_marketplace.billing.service import mandates, renewal_charges
from aei_marketplace.billing.service.crediting import Returned, credit_lines, lines_left
from aei_marketplace.billing.service.invoices import sales_of, standing_of
from aei_marketplace.billing.service.invoicing import note_payment
from aei_marketplace.billing.store import payments as payment_store
from aei_marketplace.billing.store import provider_events as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports.billing import (
    DisputeSeen,
    Fee,
    Irrelevant,
    MethodKept,
    PaymentFailed,
    PaymentSeen,
    RefundSeen,
    Seen,
    Told,
    TransferBack,
)
from aei_marketplace.ground.work import Work

JOB = "billing.provider_events"
#: What an event is about should have become known by then.
PATIENCE = timedelta(days=30)
_KINDS: dict[str, type[Any]] = {
    cls.__name__: cls
    for cls in (PaymentSeen, PaymentFailed, MethodKept, RefundSeen, DisputeSeen, TransferBack, Irrelevant)
}


async def receive(work: Work, provider: str, told: Told) -> bool:
    """Keep an event that is proved to be the provider's, and have it looked at. Duplicates change nothing.

    Args:
        work: of a named job.

    Returns:
        Whether it is new.
    """
    work.actor.require("revenue.administer")
    irrelevant = told.seen if isinstance(told.seen, Irrelevant) else None
    values = {
        "provider": provider,
        "event_id": told.event_id,
        "kind": told.kind,
        "told": {"seen": type(told.seen).__name__, **msgspec.to_builtins(told.seen)},
        "occurred_at": told.occurred_at,
        "received_at": work.now,
        "state": "pending" if irrelevant is None else "ignored",
        "reason": irrelevant and irrelevant.why,
        "settled_at": irrelevant and work.now,
    }
    new = await store.add_event(work, values)
    if new and irrelevant is None:
        work.emit(ProviderTold(provider, told.event_id))
    return new


async def settle(deps: Deps, provider: str, event_id: str, trace_id: str | None = None) -> None:
    """Look at a pending event and do what follows from it, once.

    Raises:
        Unavailable: the provider was asked for a fee or a label and does not answer; call again.
    """
    async with deps.works.system(JOB, trace_id) as work:
        row = await store.find_event(work, provider, event_id)
        if row is None or row.state != "pending":
            return
        seen = _seen(row)
        asked_for = await _payment_without_fee(work, provider, seen)
    fee = await deps.billing.fee_of(asked_for) if asked_for is not None else None
    label = await deps.billing.label_of(seen.method) if isinstance(seen, MethodKept) else ""
    async with deps.works.system(JOB, trace_id) as work:
        row = await store.find_event(work, provider, event_id, for_update=True)
        if row is None or row.state != "pending":
            return
        await _write(work, row, await _settled(work, row, fee, label))


async def ignore_forgotten(work: Work) -> int:
    """Give up on events whose subject never became known; how many."""
    work.actor.require("revenue.administer")
    return await store.ignore_parked(work, work.now - PATIENCE)


def _seen(row: Any) -> Seen:
    told = dict(row.told)
    seen: Seen = msgspec.convert(told, _KINDS[told.pop("seen")])
    return seen


async def _payment_without_fee(work: Work, provider: str, seen: Seen) -> str | None:
    """The provider's name of a payment that is about to settle an invoice: what it cost has to be asked."""
    if not isinstance(seen, PaymentSeen):
        return None
    payment = await _find_payment(work, provider, seen)
    return seen.payment if payment is not None and payment.state != "succeeded" else None


async def _settled(work: Work, row: Any, fee: Fee | None, label: str) -> Settled:
    provider, seen = row.provider, _seen(row)
    match seen:
        case PaymentSeen():
            return await _pay(work, provider, seen, row.occurred_at, fee)
        case PaymentFailed():
            return await _decline(work, provider, seen)
        case MethodKept():
            why = await mandates.keep(work, seen, label)
            return applied() if why is None else ignored(why)
        case RefundSeen():
            return await _refund(work, provider, seen)
        case DisputeSeen():
            return await _dispute(work, provider, seen, row.occurred_at)
        case TransferBack():
            event = TransferReturned(
                provider, seen.transfer, seen.payout_id, seen.amount, seen.currency, row.occurred_at
            )
            work.emit(event)
            return applied()
        case Irrelevant():
            return ignored(seen.why)


async def _write(work: Work, row: Any, settled: Settled) -> None:
    over = settled.state != "parked"
    values = {"state": settled.state, "reason": settled.reason, "subject": settled.subject}
    await store.set_event(
        work, row.provider, row.event_id, {**values, "settled_at": work.now if over else None}
    )
    outcome = {"applied": "ok", "rejected": "failed"}.get(settled.state)
    if outcome is not None:
        context = {"provider": row.provider, "kind": row.kind}
        work.record(
            Fact(
                "billing.event",
                "provider_event",
                row.event_id,
                outcome=outcome,
                reason=settled.reason,
                context=context,
            )
        )
    if settled.state == "rejected":
        work.emit(EventRejected(row.provider, row.event_id, row.kind, settled.reason or ""))
    if settled.known:
        for event_id in await store.release_parked(work, row.provider, settled.known):
            work.emit(ProviderTold(row.provider, event_id))


async def _find_payment(work: Work, provider: str, seen: PaymentSeen | PaymentFailed) -> Any:
    told = await payment_store.find_told(work, provider, seen.payment)
    if told is not None or seen.payment_id is None:
        return told
    named = await payment_store.find_payment(work, seen.payment_id)
    return named if named is not None and named.provider == provider else None


async def _pay(work: Work, provider: str, seen: PaymentSeen, paid_at: Any, fee: Fee | None) -> Settled:
    payment = await _find_payment(work, provider, seen)
    if payment is None:
        return parked(seen.payment, "no such payment was asked for here")
    if payment.state == "succeeded":
        return ignored("known already")
    if wrong := contradiction(seen, Asked(payment.amount, payment.currency)):
        return await _reject_payment(work, payment, wrong)
    standing = await standing_of(work, payment.invoice_id, for_update=True)
    if standing.left != payment.amount:
        wrong = f"{standing.left} were left to pay when {seen.amount} came: return what is too much"
        return await _reject_payment(work, payment, wrong)
    values = {"state": "succeeded", "payment": seen.payment, "settled_at": work.now}
    await payment_store.set_payment(work, payment.id, values)
    kept = fee.amount if fee is not None and fee.currency == seen.currency else 0
    await note_payment(work, payment.invoice_id, paid_at, provider, seen.payment, kept)
    if payment.mandate_id is not None:
        work.emit(RenewalCharged(payment.invoice_id, payment.mandate_id, payment.amount))
    return applied(seen.payment)


async def _reject_payment(work: Work, payment: Any, wrong: str) -> Settled:
    """Staff return the money; what is left of the invoice can be paid, by hand where a card was charged."""
    if payment.state in ("reserved", "open"):
        values = {"state": "expired", "problem": wrong[:500], "settled_at": work.now}
        await payment_store.set_payment(work, payment.id, values)
    return rejected(wrong)


async def _decline(work: Work, provider: str, seen: PaymentFailed) -> Settled:
    payment = await _find_payment(work, provider, seen)
    if payment is None or payment.mandate_id is None:
        return ignored("the buyer tries again on the page, or nothing was asked for here")
    failed = await renewal_charges.fail(work, payment, f"the bank declines: {seen.reason}", final=seen.final)
    return applied() if failed else ignored("known already")


async def _refund(work: Work, provider: str, seen: RefundSeen) -> Settled:
    refund = await payment_store.refund_told(work, provider, seen.refund)
    if refund is None and seen.refund_id is not None:
        refund = await payment_store.find_refund(work, seen.refund_id)
    if refund is None:
        return await _refund_unasked(work, provider, seen)
    if wrong := contradiction(seen, Asked(refund.amount, refund.currency)):
        return rejected(wrong)
    if refund.state == seen.state or (refund.state == "returned" and seen.state == "asked"):
        return ignored("known already")
    values: dict[str, Any] = {"state": seen.state, "reference": seen.refund}
    if seen.state == "failed":
        values["problem"] = "the provider could not return it"
    settled = {"settled_at": work.now} if seen.state == "returned" else {}
    await payment_store.set_refund(work, refund.id, {**values, **settled})
    return applied()


async def _refund_unasked(work: Work, provider: str, seen: RefundSeen) -> Settled:
    """Money that was returned at the provider itself: the credit note follows it."""
    if seen.state == "failed":
        return ignored("a refund that was not made here failed")
    payment = await payment_store.find_told(work, provider, seen.payment)
    if payment is None or payment.state != "succeeded":
        return parked(seen.payment, "the payment is not known yet")
    if seen.currency != payment.currency:
        return rejected(f"{seen.currency} came back of a payment in {payment.currency}")
    if seen.amount <= 0:
        return rejected(f"{seen.amount} {seen.currency} came back, which is no amount")
    await standing_of(work, payment.invoice_id, for_update=True)
    amounts = fill(seen.amount, list((await lines_left(work, payment.invoice_id)).items()))
    if amounts is None:
        return rejected(f"{seen.amount} {seen.currency} are more than is left of the invoice")
    returned = Returned(seen.refund, seen.state == "returned")
    reason = "Returned through the payment provider."
    await credit_lines(work, payment.invoice_id, amounts, reason, returned=returned)
    return applied()


async def _dispute(work: Work, provider: str, seen: DisputeSeen, at: Any) -> Settled:
    known = await store.disputes_of(work, provider, seen.dispute)
    if seen.state == "opened":
        return ignored("known already") if known else await _open_dispute(work, provider, seen)
    if not known:
        return parked(seen.dispute, "the dispute is not known yet")
    if known[0].state != "opened":
        return ignored("the dispute is over already")
    values = {"state": seen.state, "settled_at": at}
    await store.set_dispute(work, provider, seen.dispute, values)
    if seen.state == "lost":
        payment = await payment_store.find_told(work, provider, seen.payment)
        if payment is not None and payment.mandate_id is not None:
            await mandates.withdraw_disputed(work, payment.mandate_id, payment.invoice_id)
    _tell(work, provider, seen, [(row.sale_key, row.amount) for row in known], at)
    return applied()


async def _open_dispute(work: Work, provider: str, seen: DisputeSeen) -> Settled:
    payment = await payment_store.find_told(work, provider, seen.payment)
    if payment is None or payment.state != "succeeded":
        return parked(seen.payment, "the payment is not known yet")
    if seen.currency != payment.currency or not 0 < seen.amount <= payment.amount:
        return rejected(f"{seen.amount} {seen.currency} are disputed of {payment.amount} {payment.currency}")
    parts = await _parts(work, payment.invoice_id, seen.amount)
    rows = [
        {
            "provider": provider,
            "dispute": seen.dispute,
            "sale_key": key,
            "tenant_id": payment.tenant_id,
            "amount": amount,
            "fee": seen.fee if position == 0 else 0,
            "state": "opened",
            "opened_at": seen.opened_at,
            "evidence_due_at": seen.evidence_due_at,
        }
        for position, (key, amount) in enumerate(parts.items())
    ]
    await store.add_disputes(work, rows)
    _tell(work, provider, seen, list(parts.items()), seen.opened_at)
    return applied(seen.dispute)


async def _parts(work: Work, invoice_id: UUID, amount: int) -> dict[str, int]:
    paid = [(sale.key, sale.gross + sale.tax) for sale in await sales_of(work, invoice_id)]
    return spread(amount, paid, await lines_left(work, invoice_id))


def _tell(work: Work, provider: str, seen: DisputeSeen, parts: Sequence[tuple[str, int]], at: Any) -> None:
    for position, (key, amount) in enumerate(parts):
        fee = seen.fee if position == 0 else 0
        event = DisputeTold(provider, seen.dispute, key, amount, seen.state, fee, at, seen.evidence_due_at)
        work.emit(event)
