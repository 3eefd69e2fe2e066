"""Returning money to buyers: by the provider that collected it, or by staff who say that they did."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aei_marketplace.billing.errors.invoices import RefundSettled
from aei_marketplace.billing.errors.providers import NoSuchRefund
from aei_marketplace.billing.rules.standings import LONGEST_REFERENCE
from aei_marketplace.billing.store import payments as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports.billing import ProviderRefused
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work

JOB = "billing.refunding"
#: A provider forgets keys after a day: what has been owed for longer is not asked for under its key again.
KEY_LIFE = timedelta(hours=20)
#: For so long the job that was told of a refund may still be at it.
FORGOTTEN_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back to a buyer.

    Attributes:
        state: `owed`, `asked`, `returned` or `failed`.
        amount: minor units.
        by_provider: a provider returns it; otherwise staff do.
        reference: how it is found at the provider or the bank.
        problem: why the provider did not return it.
    """

    id: UUID
    credit_note_id: UUID
    invoice_id: UUID
    amount: int
    currency: str
    state: str
    by_provider: bool
    reference: str | None
    problem: str | None
    created_at: datetime
    settled_at: datetime | None


async def refunds_of(work: Work, invoice_id: UUID) -> list[Refund]:
    """The refunds of an invoice that the actor may see, the oldest first."""
    return [_refund(row) for row in await store.refunds_of(work, invoice_id)]


async def return_money(deps: Deps, refund_id: UUID, trace_id: str | None = None) -> None:
    """Have the provider return what is owed. Called again, it asks with the same key: it goes back once.

    Raises:
        Unavailable: the provider does not answer; call again.
    """
    async with deps.works.system(JOB, trace_id) as work:
        refund = await store.find_refund(work, refund_id)
    if refund is None or not _is_to_ask(refund, deps.billing.name):
        return
    if deps.works.clock() - refund.created_at > KEY_LIFE:
        await _note(deps, refund_id, trace_id, _failure("no answer came within a day; look at the provider"))
        return
    key = f"refund/{refund_id}"
    try:
        answer = await deps.billing.refund(refund.payment, refund.amount, refund.currency, refund_id, key)
    except ProviderRefused as refusal:
        await _note(deps, refund_id, trace_id, _failure(refusal.detail))
        return
    state = "returned" if answer.returned else "asked"
    await _note(deps, refund_id, trace_id, {"state": state, "reference": answer.reference})


async def return_for(deps: Deps, note_id: UUID, trace_id: str) -> None:
    """Have the provider return what a credit note brought about, if anything.

    Raises:
        Unavailable: the provider does not answer; call again.
    """
    async with deps.works.system(JOB, trace_id) as work:
        refund = await store.refund_of(work, note_id)
    if refund is not None:
        await return_money(deps, refund.id, trace_id)


async def return_forgotten(deps: Deps) -> None:
    """Ask again for refunds that have had no answer for a while; one that is refused stops no other."""
    async with deps.works.system(JOB) as work:
        ids = await store.unsettled_refunds(work, deps.billing.name, work.now - FORGOTTEN_AFTER)
    for refund_id in ids:
        try:
            await return_money(deps, refund_id)
        except Unavailable:
            return  # the next time may find it


async def mark_as_returned(work: Work, refund_id: UUID, reference: str) -> Refund:
    """Write down that staff have returned the money.

    Raises:
        NotAllowed: the actor may not.
        NoSuchRefund: there is none.
        RefundSettled: it went back already, or the provider is returning it.
        Invalid: the reference is empty or too long.
    """
    work.actor.require("revenue.administer")
    row = await store.find_refund(work, refund_id)
    if row is None:
        raise NoSuchRefund("There is no such refund.")
    if row.state in ("returned", "asked") or (row.state == "owed" and row.payment is not None):
        raise RefundSettled("The money went back already, or the provider is returning it.")
    noted = clean_typed(reference, LONGEST_REFERENCE, "/reference")
    # The provider's name of a payment goes: nobody asks it for this money any more.
    values = {"state": "returned", "reference": noted, "payment": None, "settled_at": work.now}
    await store.set_refund(work, refund_id, {**values, "marked_by": work.actor.id})
    context = {"invoice": str(row.invoice_id), "amount_minor": row.amount, "currency": row.currency}
    work.record(Fact("invoice.refund", "refund", str(refund_id), context=context | {"reference": noted}))
    after = await store.find_refund(work, refund_id)
    return _refund(after)


def _is_to_ask(refund: Any, provider: str) -> bool:
    return bool(refund.state == "owed" and refund.payment is not None and refund.provider == provider)


def _failure(problem: str) -> dict[str, Any]:
    return {"state": "failed", "problem": problem[:500]}


async def _note(deps: Deps, refund_id: UUID, trace_id: str | None, values: dict[str, Any]) -> None:
    """Write what the provider answered, unless its webhook has said more meanwhile."""
    async with deps.works.system(JOB, trace_id) as work:
        row = await store.find_refund(work, refund_id)
        if row is None or row.state != "owed":
            return
        settled = {"settled_at": work.now} if values["state"] == "returned" else {}
        await store.set_refund(work, refund_id, {**values, **settled, "asked_at": work.now})
        outcome = "failed" if values["state"] == "failed" else "ok"
        context = {"invoice": str(row.invoice_id), "amount_minor": row.amount, "currency": row.currency}
        reason = values.get("problem")
        work.record(
            Fact("invoice.refund", "refund", str(refund_id), outcome=outcome, reason=reason, context=context)
        )


def _refund(row: Any) -> Refund:
    return Refund(
        row.id,
        row.credit_note_id,
        row.invoice_id,
        row.amount,
        row.currency,
        row.state,
        row.payment is not None,
        row.reference,
        row.problem,
        row.created_at,
        row.settled_at,
    )
