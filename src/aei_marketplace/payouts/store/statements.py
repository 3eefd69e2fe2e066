"""Queries of statements and their parts."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, true, tuple_

from aei_marketplace.ground.bulk import as_columns, insert_rows
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts.models import payout_reversals, payouts, statement_parts, statements
from aei_marketplace.payouts.rules.reports import CARRIED
from aei_marketplace.payouts.rules.reports import Row as ReportRow
from aei_marketplace.payouts.rules.statements import KINDS, Account, Figures, Part, Statement, Whose

#: The table's names of the kinds of lines.
_COLUMNS = dict(zip(KINDS, ("sales", "refunds", "holds", "releases", "charges"), strict=True))
_FIGURES = ("count", "gross", "fees", "net")
_AT_ONCE = 1_000


async def carried(work: Work, period: date) -> dict[Whose, int]:
    """What each account of a month was closed with, where that is not nothing."""
    c = statements.c
    wanted = select(c.creator, c.currency, c.closing).where(c.period == period, c.closing != 0)
    return {Whose(row.creator, row.currency): row.closing for row in await work.run(wanted)}


async def reversed_in(work: Work, period: date) -> dict[Whose, int]:
    """What payouts gave back in a month, by creator and currency."""
    c = payout_reversals.c
    wanted = select(c.creator, c.currency, func.sum(c.amount).label("amount")).where(c.period == period)
    rows = await work.run(wanted.group_by(c.creator, c.currency))
    return {Whose(row.creator, row.currency): int(row.amount) for row in rows}


async def reversed_since(work: Work, creator: UUID, after: date | None) -> dict[tuple[str, Period], int]:
    """What payouts gave back to a creator in the months after one, by currency and month."""
    c = payout_reversals.c
    wanted = select(c.currency, c.period, func.sum(c.amount).label("amount")).where(c.creator == creator)
    if after is not None:
        wanted = wanted.where(c.period > after)
    rows = await work.run(wanted.group_by(c.currency, c.period))
    return {(row.currency, Period.beginning(row.period)): int(row.amount) for row in rows}


async def stated(work: Work, period: date, creators: Collection[UUID]) -> set[Whose]:
    """Which statements of a month are written, of these creators."""
    c = statements.c
    wanted = select(c.creator, c.currency).where(c.period == period, c.creator.in_(list(creators)))
    return {Whose(row.creator, row.currency) for row in await work.run(wanted)}


async def add(work: Work, drawn: Sequence[Statement]) -> None:
    """Write statements."""
    rows = [_values(each, work) for each in drawn]
    await work.run(insert_rows(statements, tuple(rows[0])), as_columns(rows))


async def add_parts(work: Work, parts: Sequence[tuple[UUID, Part]]) -> None:
    """Write what statements say of each release."""
    rows = [
        {
            "statement_id": statement_id,
            "plugin_id": part.plugin_id,
            "version": part.version,
            "kind": kind,
            **{name: getattr(sums, name) for name in _FIGURES},
        }
        for statement_id, part in parts
        for kind, sums in part.sums.items()
    ]
    if rows:
        await work.run(insert_rows(statement_parts, tuple(rows[0])), as_columns(rows))


async def find(work: Work, statement_id: UUID) -> Statement | None:
    """A statement by its id, if the actor may see it."""
    row = (await work.run(select(statements).where(statements.c.id == statement_id))).first()
    return None if row is None else _statement(row)


async def find_of(work: Work, period: date, whose: Whose) -> Statement | None:
    """The statement of a month, creator and currency."""
    c = statements.c
    wanted = select(statements).where(
        c.period == period, c.creator == whose.creator, c.currency == whose.currency
    )
    row = (await work.run(wanted)).first()
    return None if row is None else _statement(row)


async def parts_of(work: Work, statement_id: UUID) -> list[Part]:
    """What a statement says of each release, by plugin and version."""
    c = statement_parts.c
    wanted = select(statement_parts).where(c.statement_id == statement_id).order_by(c.plugin_id, c.version)
    found: defaultdict[tuple[str, str], dict[str, Figures]] = defaultdict(dict)
    for row in await work.run(wanted):
        found[row.plugin_id, row.version][row.kind] = Figures(*(getattr(row, name) for name in _FIGURES))
    return [Part(plugin_id, version, sums) for (plugin_id, version), sums in found.items()]


def _where(creator: UUID | None, period: date | None, currency: str | None) -> ColumnElement[bool]:
    c = statements.c
    wanted = [(c.creator, creator), (c.period, period), (c.currency, currency)]
    return and_(true(), *(column == value for column, value in wanted if value is not None))


async def find_page(
    work: Work,
    creator: UUID | None,
    period: date | None,
    currency: str | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Statement]:
    """Statements, the newest months first; one more than `limit` if there is a next page."""
    c = statements.c
    wanted = select(statements).where(_where(creator, period, currency))
    if after is not None:
        wanted = wanted.where(tuple_(c.period, c.id) < tuple_(*after))
    wanted = wanted.order_by(c.period.desc(), c.id.desc()).limit(limit + 1)
    return [_statement(row) for row in await work.run(wanted)]


async def count(work: Work, creator: UUID | None, period: date | None, currency: str | None) -> int:
    """How many statements there are."""
    wanted = select(func.count()).select_from(statements).where(_where(creator, period, currency))
    return int((await work.run(wanted)).scalar_one())


async def last_of(work: Work, creator: UUID, months: int) -> dict[str, list[Statement]]:
    """The last statements of a creator by currency, the oldest first."""
    c = statements.c
    number = func.row_number().over(partition_by=c.currency, order_by=c.period.desc()).label("number")
    numbered = select(statements, number).where(c.creator == creator).subquery()
    wanted = select(numbered).where(numbered.c.number <= months).order_by(numbered.c.period)
    found: defaultdict[str, list[Statement]] = defaultdict(list)
    for row in await work.run(wanted):
        found[row.currency].append(_statement(row))
    return found


async def all_of(work: Work, period: date) -> AsyncIterator[Statement]:
    """Every statement of a month, by creator and currency, a few at a time."""
    c = statements.c
    wanted = select(statements).where(c.period == period).order_by(c.creator, c.currency)
    async with work.connection.stream(wanted, execution_options={"yield_per": _AT_ONCE}) as rows:
        async for row in rows:
            yield _statement(row)


async def with_other_parts(work: Work, period: date) -> list[Whose]:
    """Statements of a month whose parts do not add up to them."""
    c, p = statements.c, statement_parts.c
    added = (
        select(p.statement_id, *(func.sum(p[name]).label(name) for name in _FIGURES))
        .join(statements, c.id == p.statement_id)
        .where(c.period == period)
        .group_by(p.statement_id)
        .subquery()
    )
    differs = [
        func.coalesce(added.c[name], 0) != sum(c[f"{column}_{name}"] for column in _COLUMNS.values())
        for name in _FIGURES
    ]
    wanted = select(c.creator, c.currency).outerjoin(added, added.c.statement_id == c.id)
    rows = await work.run(wanted.where(c.period == period, or_(*differs)).order_by(c.creator, c.currency))
    return [Whose(row.creator, row.currency) for row in rows]


async def report(
    work: Work,
    creator: UUID | None,
    period: date | None,
    currency: str | None,
    after: tuple[date, UUID, str] | None,
    limit: int,
) -> list[ReportRow]:
    """Lines of the payout report, by month, creator and currency."""
    c = statements.c
    wanted = (
        select(statements, payouts.c.state, payouts.c.withholding)
        .outerjoin(payouts, payouts.c.statement_id == c.id)
        .where(_where(creator, period, currency))
        .order_by(c.period, c.creator, c.currency)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(tuple_(c.period, c.creator, c.currency) > tuple_(*after))
    return [_report_row(row) for row in await work.run(wanted)]


def _report_row(row: Row[Any]) -> ReportRow:
    stated = _statement(row)
    return ReportRow(
        stated.period,
        stated.whose.creator,
        stated.whose.currency,
        stated.account.total,
        row.withholding,
        row.state or CARRIED,
    )


def _values(statement: Statement, work: Work) -> Mapping[str, Any]:
    account = statement.account
    return {
        "id": statement.id,
        "period": statement.period.first_day,
        "creator": statement.whose.creator,
        "currency": statement.whose.currency,
        "opening": account.opening,
        **{
            f"{column}_{name}": getattr(account.of(kind), name)
            for kind, column in _COLUMNS.items()
            for name in _FIGURES
        },
        "payout_reversals": account.payout_reversals,
        "payable": account.payable,
        "threshold": account.threshold,
        "payout": account.payout,
        "closing": account.closing,
        "created_at": work.now,
    }


def _statement(row: Row[Any]) -> Statement:
    sums = {
        kind: Figures(*(getattr(row, f"{column}_{name}") for name in _FIGURES))
        for kind, column in _COLUMNS.items()
    }
    account = Account(row.opening, sums, row.payout_reversals, row.threshold, row.payout)
    whose = Whose(row.creator, row.currency)
    return Statement(row.id, Period.beginning(row.period), whose, account)
