"""Chores and reactions of payouts."""

from aei_marketplace.ground.deps import Deps
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts import service
from aei_marketplace.payouts.events import CloseAsked, PayoutEnded, PayoutPaid


async def close_due_months(deps: Deps) -> None:
    """Close what is due, or carry on what was interrupted."""
    await service.close_due(deps.works)


async def close_as_asked(deps: Deps, event: CloseAsked, _: str) -> None:
    """Close the month that a member of staff asked for, in their name."""
    await service.close_month(deps.works, Period.read(event.period), by=event.by)


async def book_payment(deps: Deps, event: PayoutPaid, trace_id: str) -> None:
    """Book what left the bank."""
    await service.book_payment(deps.works, event.payout_id, trace_id)


async def book_return(deps: Deps, event: PayoutEnded, trace_id: str) -> None:
    """Book what went back to a creator's balance."""
    await service.book_return(deps.works, event.payout_id, trace_id)
