"""Periods of a subscription: months and years by the calendar, in UTC."""

import calendar
from datetime import datetime

_MONTHS = {"month": 1, "year": 12}


def months_after(anchor: datetime, months: int) -> datetime:
    """The same day and time so many months later, on the last day of a month that has no such day.

    Always counted from the anchor: from 31 January to 28 February to 31 March.
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


def period_end(anchor: datetime, per: str, periods: int) -> datetime:
    """When the last of so many periods since the anchor is over.

    Args:
        per: `month` or `year`.
    """
    return months_after(anchor, _MONTHS[per] * periods)
