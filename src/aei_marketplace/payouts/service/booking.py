"""What payouts move in the ledger after the close, by named jobs: each entry once, whatever comes twice."""

from uuid import UUID

from aei_marketplace.ground.work import Work, Works
from aei_marketplace.ledger import service as ledger
from aei_marketplace.payouts.errors import PayoutNotFound
from aei_marketplace.payouts.rules import moving
from aei_marketplace.payouts.rules.payouts import Payout
from aei_marketplace.payouts.store import payouts as store

_JOB = "payouts.book"


async def book_payment(works: Works, payout_id: UUID, trace_id: str) -> None:
    """Book that a payout has left the bank."""
    async with works.system(_JOB, trace_id) as work:
        work.actor.require("revenue.administer")
        payout = await _find(work, payout_id)
        assert payout.paid_at is not None, "told of when it was paid"
        await ledger.post(work, [moving.pay(payout, payout.paid_at)])


async def book_return(works: Works, payout_id: UUID, trace_id: str) -> None:
    """Book that a payout went back to the balance, and in which month that counts."""
    async with works.system(_JOB, trace_id) as work:
        work.actor.require("revenue.administer")
        payout = await _find(work, payout_id)
        entry = moving.reverse(payout, payout.state_changed_at)
        if await ledger.post(work, [entry]):
            # What was posted keeps the month from being closed until this work ends.
            place = ledger.place(entry.occurred_at, await ledger.newest_closed(work))
            await store.add_reversal(work, payout, place.period.first_day, work.now)


async def _find(work: Work, payout_id: UUID) -> Payout:
    payout = await store.find(work, payout_id)
    if payout is None:
        raise PayoutNotFound("There is no such payout.")
    return payout
