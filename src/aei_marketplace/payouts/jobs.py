"""Chores and reactions of payouts."""

from aei_marketplace.billing.events.providers import TransferReturned
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts import service
from aei_marketplace.payouts.events import CloseAsked, PayoutEnded, PayoutPaid, PayoutReleased


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


async def send(deps: Deps, event: PayoutReleased, trace_id: str) -> None:
    """Have the provider pay those whose creators it pays."""
    await service.send(deps.works, deps.billing, event.payout_id, trace_id)


async def take_back(deps: Deps, event: TransferReturned, trace_id: str) -> None:
    """Note that a transfer came back."""
    if event.payout_id is not None:
        await service.take_back(deps.works, event.payout_id, event.amount, trace_id)
