"""Queries of where providers of payments pay creators."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.ground.work import Work
from aei_marketplace.payouts.models import payout_destinations


async def find(work: Work, creator: UUID, *, hold: bool = False) -> Row[Any] | None:
    """Where a creator is paid.

    Args:
        hold: keep others from changing it until this work ends.
    """
    wanted = select(payout_destinations).where(payout_destinations.c.creator == creator)
    return (await work.run(wanted.with_for_update() if hold else wanted)).first()


async def hold_all(work: Work, creators: Collection[UUID]) -> None:
    """Hold where creators are paid, in one order: two that do so never wait for one another."""
    wanted = select(payout_destinations.c.creator).where(payout_destinations.c.creator.in_(list(creators)))
    await work.run(wanted.order_by(payout_destinations.c.creator).with_for_update())


async def put(work: Work, creator: UUID, provider: str, destination: str) -> None:
    """Set where a creator is paid."""
    values = {
        "provider": provider,
        "destination": destination,
        "changed_at": work.now,
        "changed_by": work.actor.id,
    }
    statement = upsert(payout_destinations).values(creator=creator, **values)
    await work.run(statement.on_conflict_do_update(index_elements=["creator"], set_=values))


async def remove(work: Work, creator: UUID) -> None:
    """Have a creator paid by the bank."""
    await work.run(delete(payout_destinations).where(payout_destinations.c.creator == creator))
