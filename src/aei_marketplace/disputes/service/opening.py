"""Opening a dispute: a buyer or staff complain of a sale, and the creator's part is held."""

from uuid import UUID

from aei_marketplace.billing.rules.invoices import Invoice, InvoiceLine
from aei_marketplace.billing.service import crediting, invoices
from aei_marketplace.disputes import store
from aei_marketplace.disputes.errors import DisputedAlready, DisputeUnfit
from aei_marketplace.disputes.events import DisputeOpened
from aei_marketplace.disputes.rules.cases import (
    DECIDED_WITHIN,
    EVIDENCE_FOR,
    LONGEST_TEXT,
    Dispute,
    Kind,
    Side,
    State,
    check_complaint,
)
from aei_marketplace.disputes.service.reading import read_dispute
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.rules import facts


async def complain(work: Work, line_key: str, amount: int | None, reason: str) -> Dispute:
    """Open a dispute about a line of an invoice that was paid: its buyer, or staff for them.

    Args:
        line_key: of the line; sales know the sale by it.
        amount: minor units with the tax; None for all that is left.
        reason: what is wrong, as the creator reads it too.

    Raises:
        NotAllowed: the actor may not.
        NoSuchInvoice: there is no such line that the actor may see.
        DisputeUnfit, AmountUnfit: it was not paid, too much is disputed, or it is too late.
        DisputedAlready: the sale is disputed, here or at the buyer's bank.
    """
    work.actor.require("spend.administer" if work.actor.tenant else "revenue.administer")
    words = clean_typed(reason, LONGEST_TEXT, "/reason")
    invoice_id = await invoices.invoice_with(work, line_key)
    standing = await invoices.standing_of(work, invoice_id)
    if standing.state != "paid" or standing.paid_at is None:
        raise DisputeUnfit("The invoice is not paid.", advice="Ask for a credit note instead.")
    left = (await crediting.lines_left(work, invoice_id))[line_key]
    invoice = await invoices.read_invoice(work, invoice_id)
    asked = left if amount is None else amount
    wanted = check_complaint(asked, left, invoice.currency, standing.paid_at, work.now)
    (line,) = (each for each in invoice.lines if each.key == line_key)
    if await store.is_open(work, line_key, Kind.CHARGEBACK):
        raise DisputedAlready("The buyer's bank has taken the money back, and decides.")
    dispute_id = new_id()
    side = Side.BUYER if work.actor.tenant else Side.STAFF
    if not await store.add(work, _row(work, dispute_id, invoice, line, wanted, words, side)):
        raise DisputedAlready("The sale is disputed already.")
    await store.add_step(work, dispute_id, "opened", side, work.actor.id)
    context = {"amount_minor": wanted, "currency": invoice.currency, "plugin": line.plugin_id}
    work.record(Fact("dispute.open", "dispute", str(dispute_id), context=context, personal={"reason": words}))
    work.emit(DisputeOpened(dispute_id))
    return await read_dispute(work, dispute_id)


async def currency_of(work: Work, line_key: str) -> str:
    """The currency of the invoice that a line is of.

    Raises:
        NoSuchInvoice: there is no such line that the actor may see.
    """
    return (await invoices.read_invoice(work, await invoices.invoice_with(work, line_key))).currency


async def hold(work: Work, dispute_id: UUID) -> None:
    """Have sales hold the creator's part. Done twice, done once.

    Args:
        work: of a named job.
    """
    work.actor.require("revenue.administer")
    d = await read_dispute(work, dispute_id)
    await sales.record(work, [facts.DisputeOpened(d.ledger_key, d.sale_key, d.amount, d.opened_at)])


def _row(
    work: Work,
    dispute_id: UUID,
    invoice: Invoice,
    line: InvoiceLine,
    amount: int,
    reason: str,
    side: Side,
) -> dict[str, object]:
    return {
        "id": dispute_id,
        "kind": Kind.COMPLAINT,
        "opened_by": side,
        "opener": work.actor.id,
        "sale_key": line.key,
        "invoice_id": invoice.id,
        "plugin_id": line.plugin_id,
        "buyer": invoice.buyer,
        "creator": line.creator,
        "currency": invoice.currency,
        "amount": amount,
        "reason": reason,
        "state": State.OPENED,
        "opened_at": work.now,
        "evidence_due_at": work.now + EVIDENCE_FOR,
        "decide_due_at": work.now + DECIDED_WITHIN,
    }
