"""Which months are closed, and in what order."""

from datetime import datetime

from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts.errors import MonthNotOver, MonthUnfinished


def due_months(first_open: Period | None, unfinished: Period | None, now: datetime) -> list[Period]:
    """Months to close now, the oldest first.

    Args:
        first_open: the oldest month that the ledger has not closed; None while nothing happened at all.
        unfinished: a month whose close was interrupted.
    """
    due = [] if unfinished is None else [unfinished]
    month = first_open
    while month is not None and now >= month.closes_at:
        due.append(month)
        month = month.next
    return due


def check_next(period: Period, first_open: Period | None, unfinished: Period | None, now: datetime) -> None:
    """Refuse to close a month too early, or before an older one.

    Raises:
        MonthNotOver: it can still receive what belongs to it.
        MonthUnfinished: an older month comes first.
    """
    if now < period.closes_at:
        raise MonthNotOver(
            f"{period} can be closed from {period.closes_at:%Y-%m-%d} on, midnight UTC.",
            advice="What comes in late has until then; close it afterwards.",
        )
    if unfinished is not None and unfinished < period:
        raise MonthUnfinished(f"The close of {unfinished} was begun and is not finished.")
    if first_open is not None and first_open < period:
        raise MonthUnfinished(f"{first_open} is not closed yet.")
