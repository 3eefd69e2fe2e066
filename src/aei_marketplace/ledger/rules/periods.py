"""Months of the books, in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

from aei_marketplace.ledger.errors import EntryUnfit, PeriodClosed, PeriodNotEnded, PeriodOutOfOrder

#: A month is closed on this day of the next one, at midnight: what comes in late has until then.
CLOSES_ON = 3
_WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month in UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """The month in which a moment lies."""
        there = moment.astimezone(UTC)
        return cls(there.year, there.month)

    @classmethod
    def read(cls, written: str) -> Self:
        """The month that is written as `2026-11`.

        Raises:
            EntryUnfit: it is no month.
        """
        found = _WRITTEN.fullmatch(written)
        if found is None or found[1] == "0000":
            raise EntryUnfit(f"{written[:20]!r} is no month; one is written as 2026-11.")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def beginning(cls, day: date) -> Self:
        """The month of a day, as the database keeps it."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def next(self) -> "Period":
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def before(self) -> "Period":
        return Period(self.year - (self.month == 1), self.month - 1 or 12)

    @property
    def closes_at(self) -> datetime:
        """From when on it can be closed."""
        after = self.next
        return datetime(after.year, after.month, 1, tzinfo=UTC) + timedelta(days=CLOSES_ON - 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the books.

    Attributes:
        period: the month that it counts in.
        ref_period: the month that it belongs to, when that was closed already.
    """

    period: Period
    ref_period: Period | None = None


def place(occurred_at: datetime, closed: Period | None) -> Place:
    """Where something is written: into its own month, or late into the oldest that is open.

    Args:
        occurred_at: when it happened.
        closed: the newest closed month; None while none is.
    """
    own = Period.of(occurred_at)
    if closed is None or own > closed:
        return Place(own)
    return Place(closed.next, own)


def check_can_close(period: Period, now: datetime) -> None:
    """Refuse to close a month too early.

    Raises:
        PeriodNotEnded: it may still receive what belongs to it.
    """
    if now < period.closes_at:
        raise PeriodNotEnded(
            f"{period} can be closed from {period.closes_at:%Y-%m-%d} on, midnight UTC.",
            advice="What is posted late has until then; close it afterwards.",
        )


def check_in_order(period: Period, newest_closed: Period | None, oldest_open: Period | None) -> None:
    """Refuse to close months in another order than they came.

    Args:
        oldest_open: the oldest month with entries that is not closed; None while there is none.

    Raises:
        PeriodClosed: a newer month is closed.
        PeriodOutOfOrder: an older one is open and has entries.
    """
    if newest_closed is not None and newest_closed > period:
        raise PeriodClosed(f"{newest_closed} is closed, and {period} with it.")
    if oldest_open is not None and oldest_open < period:
        raise PeriodOutOfOrder(f"{oldest_open} is still open.")
