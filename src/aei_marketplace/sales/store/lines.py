"""Queries: the lines of creators' accounts, and their sums."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text

from aei_marketplace.ground.bulk import as_columns, insert_rows
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.service import Place
from aei_marketplace.sales.models import lines as table
from aei_marketplace.sales.models import sales
from aei_marketplace.sales.rules.bookings import Line
from aei_marketplace.sales.rules.tiers import COUNTED

#: Jumps from month to month along the index instead of reading every line.
_MONTHS = text(
    "with recursive months as ("
    " (select period from sales_lines order by period desc limit 1)"
    " union all"
    " select (select l.period from sales_lines l where l.period < m.period order by l.period desc limit 1)"
    " from months m where m.period is not null)"
    " select period from months where period is not null"
)
_REVENUE = text(
    "select w.plugin_id, w.currency, w.until, coalesce(sum(l.gross), 0)::bigint as gross"
    " from unnest(cast(:plugins as text[]), cast(:currencies as text[]), cast(:months as date[]))"
    " as w (plugin_id, currency, until)"
    " left join sales_lines l"
    " on l.plugin_id = w.plugin_id and l.currency = w.currency and l.period <= w.until"
    " and l.kind = any(cast(:kinds as text[]))"
    " group by w.plugin_id, w.currency, w.until"
)
_SUMS = (
    func.count().label("lines"),
    *(func.sum(table.c[name]).label(name) for name in ("gross", "fees", "net", "tax")),
)
#: A plugin, a currency, and the first day of the last month that counts.
Reach = tuple[str, str, date]
_BY_KIND = (table.c.creator, table.c.currency, table.c.kind)


async def add(work: Work, placed: Sequence[tuple[Line, Place]]) -> None:
    """Write lines down."""
    rows = [_row(work, line, at) for line, at in placed]
    await work.run(insert_rows(table, tuple(rows[0])), as_columns(rows))


async def months(work: Work) -> list[date]:
    """The first days of months with lines, the newest first."""
    return list((await work.run(_MONTHS)).scalars())


async def sum_month(work: Work, period: date) -> Sequence[Row[Any]]:
    """Sums by creator, currency and kind."""
    query = select(*_BY_KIND, *_SUMS).where(table.c.period == period)
    return (await work.run(query.group_by(*_BY_KIND).order_by(*_BY_KIND))).all()


async def sum_since(work: Work, creator: UUID, after: date | None) -> Sequence[Row[Any]]:
    """A creator's sums by month, currency and kind in the months after one."""
    by = (table.c.period, *_BY_KIND)
    later = [table.c.period > after] if after else []
    query = select(*by, *_SUMS).where(table.c.creator == creator, *later)
    return (await work.run(query.group_by(*by).order_by(*by))).all()


async def sum_by_release(work: Work, creator: UUID, currency: str, period: date) -> Sequence[Row[Any]]:
    """A creator's sums of a month by plugin, version and kind."""
    by = (table.c.plugin_id, table.c.version, table.c.kind)
    query = select(*by, *_SUMS).where(*_of(creator, currency, period))
    return (await work.run(query.group_by(*by).order_by(*by))).all()


async def sum_releases(work: Work, period: date, creators: Collection[UUID]) -> Sequence[Row[Any]]:
    """The sums of a month by creator, currency, plugin, version and kind, of these creators."""
    by = (table.c.creator, table.c.currency, table.c.plugin_id, table.c.version, table.c.kind)
    query = select(*by, *_SUMS).where(table.c.period == period, table.c.creator.in_(list(creators)))
    return (await work.run(query.group_by(*by).order_by(*by))).all()


async def sum_tax(work: Work) -> Sequence[Row[Any]]:
    """Taxes by currency and country, of the sales whose country is known."""
    by = (table.c.currency, sales.c.tax_country)
    query = select(*by, func.sum(table.c.tax).label("tax")).join(sales, sales.c.key == table.c.sale_key)
    return (await work.run(query.where(by[1].is_not(None)).group_by(*by).order_by(*by))).all()


async def late(work: Work, creator: UUID, currency: str, period: date, limit: int) -> Sequence[Row[Any]]:
    """A creator's lines of a month that belong to an earlier one."""
    query = select(table).where(*_of(creator, currency, period), table.c.ref_period.is_not(None))
    return (await work.run(query.order_by(table.c.occurred_at, table.c.key).limit(limit))).all()


async def count_late(work: Work, creator: UUID, currency: str, period: date) -> int:
    """How many lines of a month belong to an earlier one."""
    query = select(func.count()).select_from(table)
    late_ones = query.where(*_of(creator, currency, period), table.c.ref_period.is_not(None))
    return int((await work.run(late_ones)).scalar_one())


async def page(
    work: Work, creator: UUID, currency: str, period: date, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """A creator's lines of a month in the order of their booking, one more than `limit` if there are more."""
    later = [table.c.id > after] if after else []
    query = select(table).where(*_of(creator, currency, period), *later).order_by(table.c.id)
    return (await work.run(query.limit(limit + 1))).all()


async def count(work: Work, creator: UUID, currency: str, period: date) -> int:
    """How many lines a creator has in a month."""
    query = select(func.count()).select_from(table).where(*_of(creator, currency, period))
    return int((await work.run(query)).scalar_one())


async def revenue_until(work: Work, wanted: Collection[Reach]) -> Mapping[Reach, int]:
    """What plugins have grossed in a currency to the end of a month, refunds taken off, by what was asked."""
    plugins, currencies, months = zip(*sorted(wanted), strict=True)
    given = {"plugins": list(plugins), "currencies": list(currencies), "months": list(months)}
    given["kinds"] = list(COUNTED)
    rows = await work.run(_REVENUE, given)
    return {(row.plugin_id, row.currency, row.until): row.gross for row in rows}


def _of(creator: UUID, currency: str, period: date) -> tuple[Any, ...]:
    return table.c.creator == creator, table.c.currency == currency, table.c.period == period


def _row(work: Work, line: Line, at: Place) -> dict[str, Any]:
    sale = line.sold.sale
    return {
        "id": new_id(),
        "key": line.key,
        "kind": line.kind,
        "sale_key": sale.key,
        "plugin_id": sale.plugin_id,
        "version": sale.version,
        "creator": sale.creator,
        "source": sale.source,
        "creator_share_bps": line.sold.share.creator_share_bps,
        "currency": sale.currency,
        "gross": line.parts.gross,
        "fees": line.parts.fees,
        "net": line.parts.net,
        "tax": line.parts.tax,
        "period": at.period.first_day,
        "ref_period": at.ref_period and at.ref_period.first_day,
        "occurred_at": line.occurred_at,
        "recorded_at": work.now,
    }
