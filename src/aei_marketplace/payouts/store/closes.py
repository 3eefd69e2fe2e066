"""Queries of how far the close of each month has come."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.ground.work import Work
from aei_marketplace.payouts.models import month_closes

_HOLD = text("select pg_advisory_xact_lock(1885436275, 1)")


async def hold(work: Work) -> None:
    """Have other closes wait until this work ends."""
    await work.run(_HOLD)


async def begin(work: Work, period: date, by: UUID | None) -> bool:
    """Note that a month's close is begun; whether it was not before."""
    values = {"period": period, "begun_at": work.now, "begun_by": by}
    statement = upsert(month_closes).values(**values).on_conflict_do_nothing()
    return (await work.run(statement.returning(month_closes.c.period))).first() is not None


async def find(work: Work, period: date) -> Row[Any] | None:
    """The close of a month, if it was begun."""
    return (await work.run(select(month_closes).where(month_closes.c.period == period))).first()


async def latest(work: Work, limit: int) -> Sequence[Row[Any]]:
    """The closes of months, the newest first."""
    statement = select(month_closes).order_by(month_closes.c.period.desc()).limit(limit)
    return (await work.run(statement)).all()


async def unfinished(work: Work) -> date | None:
    """The oldest month whose close was begun and not finished."""
    statement = select(func.min(month_closes.c.period)).where(month_closes.c.finished_at.is_(None))
    found: date | None = (await work.run(statement)).scalar_one()
    return found


async def mark(work: Work, period: date, step: str) -> bool:
    """Note that a step, `statements_at` or `finished_at`, is done; whether it was not before."""
    column = month_closes.c[step]
    statement = update(month_closes).where(month_closes.c.period == period, column.is_(None))
    return (await work.run(statement.values({step: work.now}))).rowcount == 1
