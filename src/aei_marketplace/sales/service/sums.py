"""What the lines of creators' accounts come to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.service import Period, newest_closed
from aei_marketplace.sales.rules.bookings import LineKind
from aei_marketplace.sales.store import lines as store
from aei_marketplace.sales.store import sales


@dataclass(frozen=True, slots=True)
class LineSum:
    """Lines of one creator, currency and kind in a month, in minor units; gross = fees + net."""

    creator: UUID
    currency: str
    kind: LineKind
    count: int
    gross: int
    fees: int
    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class MonthSum:
    """Lines of one creator in a month that is not closed."""

    period: Period
    sum: LineSum


@dataclass(frozen=True, slots=True)
class ReleaseSum:
    """Lines of one creator and currency in a month, by what was sold."""

    plugin_id: str
    version: str | None
    kind: LineKind
    count: int
    gross: int
    fees: int
    net: int


@dataclass(frozen=True, slots=True)
class CreatorReleaseSum:
    """A `ReleaseSum` of one of many creators."""

    creator: UUID
    currency: str
    plugin_id: str
    version: str | None
    kind: LineKind
    count: int
    gross: int
    fees: int
    net: int


@dataclass(frozen=True, slots=True)
class TaxOwed:
    """What is owed to the states of one country (ISO 3166-1) in one currency, in minor units."""

    currency: str
    country: str
    amount: int


@dataclass(frozen=True, slots=True)
class CreatorLine:
    """A line of a creator's account.

    Attributes:
        key: names it, and its entry in the ledger.
        sale_key: the sale that it concerns; its own for a sale.
        creator_share_bps: of the sale, frozen when that was booked.
        period: the month that it counts in.
        ref_period: the month that it belongs to, when that was closed already.
    """

    id: UUID
    key: str
    kind: LineKind
    sale_key: str
    plugin_id: str
    version: str | None
    source: str
    creator_share_bps: int
    currency: str
    gross: int
    fees: int
    net: int
    tax: int
    period: Period
    ref_period: Period | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A sale as it was booked, and what is left of it; for staff and named jobs.

    Attributes:
        paid: minor units with tax.
        reversed: of it, what was refunded, is held or was lost.
    """

    key: str
    plugin_id: str
    version: str | None
    creator: UUID
    buyer: UUID
    source: str
    currency: str
    gross: int
    fees: int
    net: int
    tax: int
    creator_share_bps: int
    occurred_at: datetime
    earned_at: datetime
    reversed: int

    @property
    def paid(self) -> int:
        return self.gross + self.tax

    @property
    def left(self) -> int:
        return self.paid - self.reversed


async def list_months(work: Work) -> list[Period]:
    """Months with lines that the actor sees, the newest first."""
    return [Period.beginning(day) for day in await store.months(work)]


async def sum_month(work: Work, period: Period) -> list[LineSum]:
    """What all lines of a month come to, by creator, currency and kind."""
    return [_line_sum(row) for row in await store.sum_month(work, period.first_day)]


async def open_months_of(work: Work, creator: UUID) -> list[MonthSum]:
    """What a creator has in the months that are not closed, by month, currency and kind."""
    closed = await newest_closed(work)
    rows = await store.sum_since(work, creator, None if closed is None else closed.first_day)
    return [MonthSum(Period.beginning(row.period), _line_sum(row)) for row in rows]


async def sum_by_release(work: Work, creator: UUID, currency: str, period: Period) -> list[ReleaseSum]:
    """What a creator's lines of a month come to, by plugin, version and kind."""
    return [
        ReleaseSum(
            row.plugin_id, row.version, row.kind, row.lines, int(row.gross), int(row.fees), int(row.net)
        )
        for row in await store.sum_by_release(work, creator, currency, period.first_day)
    ]


async def sum_releases(work: Work, period: Period, creators: Collection[UUID]) -> list[CreatorReleaseSum]:
    """What lines of a month come to by creator, currency, plugin, version and kind, of these creators."""
    return [
        CreatorReleaseSum(
            row.creator,
            row.currency,
            row.plugin_id,
            row.version,
            row.kind,
            row.lines,
            int(row.gross),
            int(row.fees),
            int(row.net),
        )
        for row in await store.sum_releases(work, period.first_day, creators)
    ]


async def tax_owed(work: Work) -> list[TaxOwed]:
    """Taxes of all sales less those given back, by currency and country; for staff and named jobs."""
    return [TaxOwed(row.currency, row.tax_country, int(row.tax)) for row in await store.sum_tax(work)]


async def late_lines(
    work: Work, creator: UUID, currency: str, period: Period, limit: int
) -> tuple[list[CreatorLine], int]:
    """A creator's lines of a month that belong to an earlier one.

    Returns:
        At most `limit` of them, by the time when they happened, and how many there are.
    """
    day = period.first_day
    found = [_line(row) for row in await store.late(work, creator, currency, day, limit)]
    whole = len(found) < limit
    return found, len(found) if whole else await store.count_late(work, creator, currency, day)


async def lines_after(
    work: Work, creator: UUID, currency: str, period: Period, after: UUID | None, limit: int
) -> list[CreatorLine]:
    """A creator's next lines of a month, in the order in which they were booked, for an export of all.

    Args:
        after: the id of the last line that the caller has; None from the beginning.
    """
    rows = await store.page(work, creator, currency, period.first_day, after, limit)
    return [_line(row) for row in rows[:limit]]


async def lines_page(work: Work, creator: UUID, currency: str, period: Period, wanted: PageWanted) -> Page:
    """A creator's lines of a month as `CreatorLine`s, in the order in which they were booked.

    Raises:
        Invalid: the cursor is of another list.
    """
    day = period.first_day
    rows = await store.page(work, creator, currency, day, wanted.position(as_id), wanted.limit)
    total = await store.count(work, creator, currency, day)
    return wanted.page([_line(row) for row in rows], total, lambda line: str(line.id))


async def sale_of(work: Work, key: str) -> SaleLine | None:
    """A booked sale; None where there is none, or the actor may not see who bought."""
    return (await sales_of(work, {key})).get(key)


async def sales_of(work: Work, keys: Collection[str]) -> dict[str, SaleLine]:
    """Booked sales by key, as far as the actor may see who bought."""
    return {key: _sale_line(booked) for key, booked in (await sales.find(work, keys)).items()}


def _line_sum(row: Any) -> LineSum:
    sums = (int(row.gross), int(row.fees), int(row.net), int(row.tax))
    return LineSum(row.creator, row.currency, row.kind, row.lines, *sums)


def _line(row: Any) -> CreatorLine:
    return CreatorLine(
        id=row.id,
        key=row.key,
        kind=row.kind,
        sale_key=row.sale_key,
        plugin_id=row.plugin_id,
        version=row.version,
        source=row.source,
        creator_share_bps=row.creator_share_bps,
        currency=row.currency,
        gross=row.gross,
        fees=row.fees,
        net=row.net,
        tax=row.tax,
        period=Period.beginning(row.period),
        ref_period=_period(row.ref_period),
        occurred_at=row.occurred_at,
    )


def _period(day: date | None) -> Period | None:
    return None if day is None else Period.beginning(day)


def _sale_line(booked: sales.Booked) -> SaleLine:
    sale, parts = booked.sold.sale, booked.sold.parts
    return SaleLine(
        key=sale.key,
        plugin_id=sale.plugin_id,
        version=sale.version,
        creator=sale.creator,
        buyer=sale.buyer,
        source=sale.source,
        currency=sale.currency,
        gross=parts.gross,
        fees=parts.fees,
        net=parts.net,
        tax=parts.tax,
        creator_share_bps=booked.sold.share.creator_share_bps,
        occurred_at=sale.occurred_at,
        earned_at=sale.earned_at,
        reversed=booked.reversed,
    )
