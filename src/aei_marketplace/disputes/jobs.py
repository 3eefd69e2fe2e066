"""Reactions of disputes: what sales and invoices make of them, and what banks tell."""

from aei_marketplace.billing.events.disputes import DisputeTold
from aei_marketplace.disputes import service
from aei_marketplace.disputes.events import DisputeEnded, DisputeOpened
from aei_marketplace.ground.deps import Deps


async def take_down(deps: Deps, event: DisputeTold, trace_id: str) -> None:
    """A provider told of a dispute."""
    async with deps.works.system("disputes.take_down", trace_id) as work:
        await service.take_down(work, event)


async def hold(deps: Deps, event: DisputeOpened, trace_id: str) -> None:
    """The creator's part of a disputed sale is held."""
    async with deps.works.system("disputes.hold", trace_id) as work:
        await service.hold(work, event.dispute_id)


async def carry_out(deps: Deps, event: DisputeEnded, trace_id: str) -> None:
    """What was held is released, given back or gone."""
    async with deps.works.system("disputes.carry_out", trace_id) as work:
        await service.carry_out(work, event.dispute_id)


async def remind(deps: Deps) -> None:
    """Creators hear of evidence that is due."""
    async with deps.works.system("disputes.remind") as work:
        await service.remind(work)
