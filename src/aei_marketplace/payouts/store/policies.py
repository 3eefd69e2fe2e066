"""Queries of thresholds, the sweep, and the operator's word about the tax model."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.payouts.models import (
    creator_thresholds,
    payout_policies,
    payout_thresholds,
    tax_model_confirmations,
)
from aei_marketplace.payouts.rules.statements import Whose


async def operators_thresholds(work: Work) -> dict[str, int]:
    """What the operator set, by currency."""
    return {row.currency: row.amount for row in await work.run(select(payout_thresholds))}


async def creators_thresholds(work: Work, creators: Collection[UUID]) -> dict[Whose, int]:
    """What creators asked for."""
    wanted = select(creator_thresholds).where(creator_thresholds.c.creator.in_(list(creators)))
    return {Whose(row.creator, row.currency): row.amount for row in await work.run(wanted)}


async def put_operators_threshold(work: Work, currency: str, amount: int) -> None:
    """Set a currency's threshold."""
    values = {"amount": amount, "changed_at": work.now, "changed_by": work.actor.id}
    statement = upsert(payout_thresholds).values(currency=currency, **values)
    await work.run(statement.on_conflict_do_update(index_elements=["currency"], set_=values))


async def put_creators_threshold(work: Work, creator: UUID, currency: str, amount: int | None) -> None:
    """Set what a creator asks for; None takes it back."""
    c = creator_thresholds.c
    if amount is None:
        await work.run(delete(creator_thresholds).where(c.creator == creator, c.currency == currency))
        return
    values = {"amount": amount, "changed_at": work.now, "changed_by": work.actor.id}
    statement = upsert(creator_thresholds).values(creator=creator, currency=currency, **values)
    await work.run(statement.on_conflict_do_update(index_elements=["creator", "currency"], set_=values))


async def december_sweep(work: Work) -> bool:
    """Whether balances below the threshold are paid in December."""
    return bool((await work.run(select(payout_policies.c.december_sweep))).scalar())


async def put_december_sweep(work: Work, on: bool) -> None:
    """Switch the sweep."""
    values = {"december_sweep": on, "changed_at": work.now, "changed_by": work.actor.id}
    statement = upsert(payout_policies).values(only_one=True, **values)
    await work.run(statement.on_conflict_do_update(index_elements=["only_one"], set_=values))


async def tax_model(work: Work) -> Row[Any] | None:
    """The operator's newest word about the tax model."""
    c = tax_model_confirmations.c
    return (await work.run(select(tax_model_confirmations).order_by(c.id.desc()).limit(1))).first()


async def add_tax_model(work: Work, confirmed: bool, name: str, day: date) -> None:
    """Keep the operator's word about the tax model."""
    values = {
        "id": new_id(),
        "confirmed": confirmed,
        "name": name,
        "day": day,
        "recorded_at": work.now,
        "recorded_by": work.actor.id,
    }
    await work.run(insert(tax_model_confirmations).values(**values))
