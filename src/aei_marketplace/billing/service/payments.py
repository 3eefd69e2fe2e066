"""What payments and credit notes do to purchases, and what sales hear of them. Done twice, done once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from aei_marketplace.billing.events.invoices import CreditNoteIssued, InvoicePaid
from aei_marketplace.billing.events.purchases import PurchaseEnded
from aei_marketplace.billing.rules.charges import Charge
from aei_marketplace.billing.rules.credits import CreditLine, CreditNote
from aei_marketplace.billing.rules.purchases import Purchase, PurchaseState, Step, step
from aei_marketplace.billing.service import crediting, invoices
from aei_marketplace.billing.service.purchases import begin_access, ended, with_access
from aei_marketplace.billing.store import charges
from aei_marketplace.billing.store import purchases as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.rules.facts import Refund, SalesFact

#: So many facts are told to sales at once.
_AT_ONCE = 100


async def settle(work: Work, paid: InvoicePaid) -> None:
    """Have access begin or go on for what was paid, and tell sales of each line.

    Args:
        work: of a named job.

    Raises:
        SalesFactUnfit: sales cannot hold what was paid; nothing of this is written.
    """
    work.actor.require("revenue.administer")
    for charge in await charges.mark_as_paid(work, paid.invoice_id, paid.paid_at):
        await _pay(work, charge)
    await _tell_sales(work, await invoices.sales_of(work, paid.invoice_id))


async def take_back(work: Work, credited: CreditNoteIssued) -> None:
    """Note what was credited; a purchase whose price went back whole gives no access any more.

    Args:
        work: of a named job.
    """
    work.actor.require("revenue.administer")
    note = await crediting.read_note(work, credited.credit_note_id)
    for line in note.lines:
        charge = await charges.find(work, line.key)
        if charge is not None:
            await charges.add_credit(work, note.id, charge, line.net + line.tax, note.issued_at)
            await _end_refunded(work, charge)
    if note.refunds:
        await _tell_sales(work, [_refund(note, line) for line in note.lines])


async def _pay(work: Work, charge: Charge) -> None:
    """Have the tenant's purchase of the plugin go on, whichever purchase it was that is paid now."""
    held = await _held_live(work, charge)
    if held is None:
        return  # the money is for a time that is over
    if held.state is PurchaseState.PENDING_PAYMENT:
        if held.id != charge.purchase_id:
            return
        moved = await begin_access(work, held, work.now)
    else:
        moved = await with_access(work, _taken_up(held, work.now))
    await store.save(work, moved)
    context = {"plugin": held.plugin_id, "state": str(moved.state)}
    work.record(Fact("purchase.pay", "purchase", str(held.id), context=context))


async def _held_live(work: Work, charge: Charge) -> Purchase | None:
    """The purchase that the buyer has of the plugin now, held; None when it has ended."""
    live = await store.find_live(work, charge.tenant_id, charge.plugin_id)
    held = None if live is None else await store.hold(work, live.id)
    return held if held is not None and held.ended_at is None else None


def _taken_up(held: Purchase, now: datetime) -> Purchase:
    """What was suspended goes on from now: the time without access is not charged."""
    paid = replace(held, state=step(held, Step.PAY))
    lapsed = held.period_end is not None and held.period_end < now
    if held.state is PurchaseState.SUSPENDED and lapsed:
        return replace(paid, anchor=now, periods=0, period_end=now)
    return paid


async def _end_refunded(work: Work, charge: Charge) -> None:
    held = await _held_live(work, charge)
    if held is None:
        return
    lines = await invoices.lines_of(work, charge.invoice_id)
    whole = sum(line.total_minor for line in lines if line.key == charge.key)
    over = charge.period_end is not None and charge.period_end <= work.now
    stays = held.id != charge.purchase_id or charge.source == "usage" or over
    if stays or await charges.credited(work, charge.key) < whole:
        # What is bought stays; what was credited may have been all that was owed.
        owing = await charges.unpaid_due(work, held.tenant_id, held.plugin_id)
        settled = held.state is PurchaseState.SUSPENDED and owing is None
        await store.save(work, await with_access(work, _taken_up(held, work.now) if settled else held))
        return
    because = "its price was credited"
    await store.save(work, ended(held, work.now, because, step(held, Step.REFUND)))
    work.record(Fact("purchase.refund", "purchase", str(held.id), context={"plugin": held.plugin_id}))
    work.emit(PurchaseEnded(held.id, held.tenant_id, held.plugin_id, because))


def _refund(note: CreditNote, line: CreditLine) -> Refund:
    return Refund(f"{note.number}/{line.key}", line.key, line.net + line.tax, note.issued_at)


async def _tell_sales(work: Work, facts: Sequence[SalesFact]) -> None:
    for at in range(0, len(facts), _AT_ONCE):
        await sales.record(work, facts[at : at + _AT_ONCE])
