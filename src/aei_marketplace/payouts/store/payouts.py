"""Queries of payouts, the steps that they went through, and what came back of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.ground.bulk import as_columns, insert_rows
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts.models import payout_reversals, payout_steps, payouts
from aei_marketplace.payouts.rules.payouts import Payout, State

_NAMES = [each.name for each in fields(Payout)]


async def add_drafts(work: Work, drafts: Sequence[Mapping[str, Any]]) -> None:
    """Write new payouts."""
    await work.run(insert_rows(payouts, tuple(drafts[0])), as_columns(drafts))


async def add_steps(work: Work, steps: Sequence[Mapping[str, Any]]) -> None:
    """Note the states that payouts came into."""
    await work.run(insert_rows(payout_steps, tuple(steps[0])), as_columns(steps))


async def steps_of(work: Work, payout_id: UUID) -> Sequence[Row[Any]]:
    """The states that a payout went through, the first one first."""
    c = payout_steps.c
    wanted = select(payout_steps).where(c.payout_id == payout_id).order_by(c.number)
    return (await work.run(wanted)).all()


async def find(work: Work, payout_id: UUID, *, hold: bool = False) -> Payout | None:
    """A payout that the actor may see.

    Args:
        hold: keep others from changing it until this work ends.
    """
    wanted = select(payouts).where(payouts.c.id == payout_id)
    row = (await work.run(wanted.with_for_update() if hold else wanted)).first()
    return None if row is None else _payout(row)


async def of_statements(work: Work, statement_ids: Collection[UUID]) -> dict[UUID, Payout]:
    """Payouts by their statements."""
    rows = await work.run(select(payouts).where(payouts.c.statement_id.in_(list(statement_ids))))
    return {row.statement_id: _payout(row) for row in rows}


async def change(work: Work, payout: Payout, values: Mapping[str, Any]) -> Payout:
    """Change a payout that this work holds."""
    statement = update(payouts).where(payouts.c.id == payout.id)
    row = (await work.run(statement.values(**values, version=payouts.c.version + 1).returning(payouts))).one()
    return _payout(row)


async def move_drafts(work: Work, payout_ids: Collection[UUID]) -> None:
    """Have drafts wait for the check of taxes."""
    statement = update(payouts).where(payouts.c.id.in_(list(payout_ids)))
    values = {"state": State.TAX_CHECK, "state_changed_at": work.now, "version": payouts.c.version + 1}
    await work.run(statement.values(**values))


async def some(
    work: Work, state: State, period: date | None, limit: int, after: UUID | None = None
) -> list[Payout]:
    """Payouts in a state, by their ids, held until this work ends."""
    wanted = select(payouts).where(_where(None, period, state, None))
    if after is not None:
        wanted = wanted.where(payouts.c.id > after)
    wanted = wanted.order_by(payouts.c.id).limit(limit).with_for_update()
    return [_payout(row) for row in await work.run(wanted)]


def _where(
    creator: UUID | None, period: date | None, state: State | None, currency: str | None
) -> ColumnElement[bool]:
    c = payouts.c
    wanted = [(c.creator, creator), (c.period, period), (c.state, state), (c.currency, currency)]
    return and_(true(), *(column == value for column, value in wanted if value is not None))


async def find_page(
    work: Work,
    creator: UUID | None,
    period: date | None,
    state: State | None,
    currency: str | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Payout]:
    """Payouts, the newest months first; one more than `limit` if there is a next page."""
    c = payouts.c
    wanted = select(payouts).where(_where(creator, period, state, currency))
    if after is not None:
        wanted = wanted.where(tuple_(c.period, c.id) < tuple_(*after))
    wanted = wanted.order_by(c.period.desc(), c.id.desc()).limit(limit + 1)
    return [_payout(row) for row in await work.run(wanted)]


async def released(work: Work, period: date, after: UUID | None, limit: int) -> list[Payout]:
    """Payouts of a month that the bank carries out and of which nothing was heard, by their ids."""
    wanted = select(payouts).where(_where(None, period, State.RELEASED, None), payouts.c.provider.is_(None))
    if after is not None:
        wanted = wanted.where(payouts.c.id > after)
    return [_payout(row) for row in await work.run(wanted.order_by(payouts.c.id).limit(limit))]


async def is_on_its_way(work: Work, creator: UUID) -> bool:
    """Whether a provider carries out a payout of a creator and nothing was heard of it."""
    wanted = select(payouts.c.id).where(
        _where(creator, None, State.RELEASED, None), payouts.c.provider.is_not(None)
    )
    return (await work.run(wanted.limit(1))).first() is not None


async def count(
    work: Work, creator: UUID | None, period: date | None, state: State | None, currency: str | None
) -> int:
    """How many payouts there are."""
    wanted = select(func.count()).select_from(payouts).where(_where(creator, period, state, currency))
    return int((await work.run(wanted)).scalar_one())


async def totals(work: Work, period: date | None) -> Sequence[Row[Any]]:
    """How many payouts there are by currency and state, what they come to, and how many are held."""
    c = payouts.c
    wanted = (
        select(
            c.currency,
            c.state,
            func.count().label("number"),
            func.sum(c.amount).label("amount"),
            func.count(c.held_reason).label("held"),
        )
        .where(_where(None, period, None, None))
        .group_by(c.currency, c.state)
        .order_by(c.currency, c.state)
    )
    return (await work.run(wanted)).all()


async def add_reversal(work: Work, payout: Payout, period: date, at: datetime) -> bool:
    """Note what went back to a balance; whether it was not noted before."""
    values = {
        "payout_id": payout.id,
        "creator": payout.creator,
        "currency": payout.currency,
        "amount": payout.amount,
        "period": period,
        "recorded_at": at,
    }
    statement = upsert(payout_reversals).values(**values).on_conflict_do_nothing()
    return (await work.run(statement.returning(payout_reversals.c.payout_id))).first() is not None


def _payout(row: Row[Any]) -> Payout:
    values = {name: getattr(row, name) for name in _NAMES}
    return Payout(**{**values, "period": Period.beginning(row.period), "state": State(row.state)})
