"""How disputes end: staff decide a complaint, a buyer withdraws it, and sales and invoices follow."""

from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing.events.providers import EventRejected
from aei_marketplace.billing.service import crediting
from aei_marketplace.disputes import store
from aei_marketplace.disputes.errors import BankDecides, DisputeChanged, OwnDispute
from aei_marketplace.disputes.events import DisputeEnded
from aei_marketplace.disputes.rules.cases import (
    LONGEST_TEXT,
    Dispute,
    Kind,
    Side,
    State,
    check_withdrawal,
    end_complaint,
)
from aei_marketplace.disputes.service.reading import find_dispute, held_dispute, read_dispute
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.errors import SalesFactUnfit
from aei_marketplace.sales.rules import facts

_ACTIONS = {State.WON: "dispute.win", State.LOST: "dispute.lose", State.WITHDRAWN: "dispute.withdraw"}


async def decide(
    work: Work, dispute_id: UUID, *, for_creator: bool, verdict: str, seen: int | None = None
) -> Dispute:
    """Decide a complaint: what is held is released to the creator, or the buyer gets it back.

    Args:
        verdict: why, as both sides read it.
        seen: the version that the actor saw; None when they do not say.

    Raises:
        NotAllowed: the actor may not, or belongs to one of the tenants.
        DisputeNotFound: there is none.
        DisputeChanged: it is not what the actor saw.
        BankDecides, DisputeDecided: it is not theirs to decide any more, or not for the buyer while a bank
            may give the same money back.
    """
    work.actor.require("revenue.administer")
    words = clean_typed(verdict, LONGEST_TEXT, "/verdict")
    dispute = await held_dispute(work, dispute_id)
    await _require_other(work, dispute)
    if seen is not None and seen != dispute.version:
        raise DisputeChanged("The dispute is not what you saw.")
    if not for_creator and await store.is_open(work, dispute.sale_key, Kind.CHARGEBACK):
        raise BankDecides("The buyer's bank has taken the same money back, and has not decided yet.")
    return await _end(work, dispute, State.WON if for_creator else State.LOST, Side.STAFF, words)


async def withdraw(work: Work, dispute_id: UUID) -> Dispute:
    """Take a complaint back: its buyer does, or whoever of staff opened it.

    Raises:
        NotAllowed: the actor may not.
        DisputeNotFound: there is none of theirs.
        BankDecides, DisputeDecided: there is nothing to withdraw.
        BuyersComplaint: staff would take back what they did not open.
    """
    work.actor.require("spend.administer" if work.actor.tenant else "revenue.administer")
    dispute = await held_dispute(work, dispute_id)
    side = Side.BUYER if work.actor.tenant else Side.STAFF
    check_withdrawal(dispute, side)
    return await _end(work, dispute, State.WITHDRAWN, side, None)


async def carry_out(work: Work, dispute_id: UUID) -> None:
    """Have sales and invoices follow how a dispute ended. Done twice, done once.

    What staff give back to a buyer is a refund: the hold ends and a credit note follows. What a bank gave
    back is gone already, and the credit note says so.

    Args:
        work: of a named job.
    """
    work.actor.require("revenue.administer")
    dispute = await held_dispute(work, dispute_id)
    if dispute.decided_at is None:
        return
    opened = facts.DisputeOpened(dispute.ledger_key, dispute.sale_key, dispute.amount, dispute.opened_at)
    try:
        await sales.record(work, [opened, _ended(dispute)])
    except SalesFactUnfit as refusal:
        if dispute.kind is not Kind.CHARGEBACK:
            raise
        await _book_rest(work, dispute, refusal.detail)
    if dispute.state is State.LOST and dispute.credit_note_id is None:
        await _credit(work, dispute)


async def _book_rest(work: Work, dispute: Dispute, why: str) -> None:
    """A bank took more than was left of the sale: the rest is booked as gone, and staff hear of what is not.

    The buyer has some of the money twice. The marketplace bears it until it has it back, never the creator.
    """
    left = (await crediting.lines_left(work, dispute.invoice_id))[dispute.sale_key]
    if rest := min(left, dispute.amount):
        assert dispute.decided_at is not None, "it has ended"
        gone = facts.Refund(dispute.ledger_key, dispute.sale_key, rest, dispute.decided_at)
        await sales.record(work, [gone])
    provider, name = dispute.provider, dispute.provider_dispute
    assert provider is not None, "a bank speaks through a provider"
    assert name is not None, "which names its disputes"
    told, context = facts.name_of(_ended(dispute)), {"left_minor": rest, "amount_minor": dispute.amount}
    work.record(Fact("sales_fact.refuse", "sales_fact", told, outcome="failed", reason=why, context=context))
    work.emit(EventRejected(provider, name, "dispute", why))


def _ended(dispute: Dispute) -> facts.DisputeWon | facts.DisputeLost:
    assert dispute.decided_at is not None, "it has ended"
    gone = dispute.state is State.LOST and dispute.kind is Kind.CHARGEBACK
    fact = facts.DisputeLost if gone else facts.DisputeWon
    return fact(dispute.ledger_key, dispute.decided_at, dispute.fee)


async def _credit(work: Work, dispute: Dispute) -> None:
    left = (await crediting.lines_left(work, dispute.invoice_id))[dispute.sale_key]
    amount = min(left, dispute.amount)
    if amount == 0:
        return  # it was credited on other grounds meanwhile
    note = await crediting.credit(
        work,
        dispute.invoice_id,
        dispute.sale_key,
        amount,
        _reason(dispute),
        taken=dispute.kind is Kind.CHARGEBACK,
    )
    await store.change(work, dispute.id, dispute.version, {"credit_note_id": note.id})
    await store.add_step(work, dispute.id, "credited", Side.MARKETPLACE, None)


def _reason(dispute: Dispute) -> str:
    """Why a credit note is issued; a verdict that is longer than one may say is read in the dispute."""
    if dispute.verdict is None:
        return "The bank has returned what was paid."
    most = crediting.LONGEST_REASON
    return dispute.verdict if len(dispute.verdict) <= most else f"{dispute.verdict[: most - 1]}…"


async def _end(work: Work, dispute: Dispute, to: State, side: Side, verdict: str | None) -> Dispute:
    end_complaint(dispute, to)
    values = {"state": to, "verdict": verdict, "decided_by": work.actor.id, "decided_at": work.now}
    if not await store.change(work, dispute.id, dispute.version, values):
        raise DisputeChanged("Somebody else decided meanwhile.")
    await store.add_step(work, dispute.id, to, side, work.actor.id)
    personal = {"verdict": verdict} if verdict else {}
    context = {"amount_minor": dispute.amount, "currency": dispute.currency}
    work.record(Fact(_ACTIONS[to], "dispute", str(dispute.id), context=context, personal=personal))
    work.emit(DisputeEnded(dispute.id, to))
    return await (find_dispute if work.actor.tenant else read_dispute)(work, dispute.id)


async def _require_other(work: Work, dispute: Dispute) -> None:
    person = work.actor.id
    for tenant in (dispute.buyer, dispute.creator):
        if person is not None and await accounts.belongs_to(work, person, tenant):
            raise OwnDispute("You belong to one of the tenants of this dispute.")
