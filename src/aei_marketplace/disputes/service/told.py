"""Disputes of which a provider tells: what the buyer's bank took back, and how it decided."""

from uuid import UUID

from aei_marketplace.billing.events.disputes import DisputeTold
from aei_marketplace.billing.service import invoices
from aei_marketplace.disputes import store
from aei_marketplace.disputes.events import DisputeEnded, DisputeOpened
from aei_marketplace.disputes.rules.cases import EVIDENCE_FOR, Kind, Side, State
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work


async def take_down(work: Work, told: DisputeTold) -> None:
    """Write down what a provider told. The same told twice, or the end told first, comes to the same.

    Args:
        work: of a named job.

    Raises:
        NoSuchInvoice: no line of an invoice has this key.
    """
    work.actor.require("revenue.administer")
    dispute_id = await _opened(work, told)
    if told.state == "opened":
        return
    row = await store.find(work, dispute_id, for_update=True)
    if row is None or row.state != State.OPENED:
        return
    values = {"state": told.state, "fee": told.fee, "decided_at": told.occurred_at}
    await store.change(work, dispute_id, row.version, values)
    await store.add_step(work, dispute_id, told.state, Side.PROVIDER, None)
    action = "dispute.win" if told.state == State.WON else "dispute.lose"
    work.record(Fact(action, "dispute", str(dispute_id), context={"provider": told.provider}))
    work.emit(DisputeEnded(dispute_id, told.state))


async def _opened(work: Work, told: DisputeTold) -> UUID:
    name = (told.provider, told.dispute, told.sale_key)
    row = await store.find_told(work, *name)
    if row is None and await store.add(work, values := await _row(work, told)):
        await _record(work, told, values)
    row = row or await store.find_told(work, *name)
    assert row is not None, "it was written just now, here or by somebody else"
    dispute_id: UUID = row.id
    return dispute_id


async def _record(work: Work, told: DisputeTold, values: dict[str, object]) -> None:
    dispute_id = values["id"]
    assert isinstance(dispute_id, UUID), "it was made as one"
    await store.add_step(work, dispute_id, "opened", Side.PROVIDER, None)
    context = {"provider": told.provider, "amount_minor": told.amount, "plugin": str(values["plugin_id"])}
    work.record(Fact("dispute.open", "dispute", str(dispute_id), context=context))
    work.emit(DisputeOpened(dispute_id))


async def _row(work: Work, told: DisputeTold) -> dict[str, object]:
    invoice = await invoices.read_invoice(work, await invoices.invoice_with(work, told.sale_key))
    (line,) = (each for each in invoice.lines if each.key == told.sale_key)
    return {
        "id": new_id(),
        "kind": Kind.CHARGEBACK,
        "opened_by": Side.PROVIDER,
        "provider": told.provider,
        "provider_dispute": told.dispute,
        "sale_key": told.sale_key,
        "invoice_id": invoice.id,
        "plugin_id": line.plugin_id,
        "buyer": invoice.buyer,
        "creator": line.creator,
        "currency": invoice.currency,
        "amount": told.amount,
        "fee": told.fee,
        "state": State.OPENED,
        "opened_at": told.occurred_at,
        "evidence_due_at": told.evidence_due_at or told.occurred_at + EVIDENCE_FOR,
    }
