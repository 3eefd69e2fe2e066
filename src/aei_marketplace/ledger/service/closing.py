"""Closing a month: from then on nothing is written into it."""

from datetime import datetime

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger import store
from aei_marketplace.ledger.rules.periods import Period, check_can_close, check_in_order


async def close_period(work: Work, period: Period) -> bool:
    """Close a month. Whoever closes it at the same time waits, and finds it closed.

    Args:
        work: of a named job.

    Returns:
        Whether it was still open.

    Raises:
        PeriodNotEnded: it is too early.
        PeriodClosed: a newer month is closed: this one had no entry, and gets none.
        PeriodOutOfOrder: an older month has entries and is open.
    """
    check_can_close(period, work.now)
    await store.hold_whole(work)
    if await closed_at(work, period) is not None:
        return False
    check_in_order(period, await newest_closed(work), await oldest_open(work))
    found = await store.sum_up(work, period.first_day)
    closing = {
        "period": period.first_day,
        "closed_at": work.now,
        "entries": found.entries,
        "digest": found.digest,
    }
    await store.add_closing(work, closing)
    context = {"entries": found.entries, "digest": found.digest.hex()}
    work.record(Fact("ledger.close", "period", str(period), context=context))
    return True


async def closed_at(work: Work, period: Period) -> datetime | None:
    """When a month was closed; None while it is open."""
    row = await store.find_closing(work, period.first_day)
    return None if row is None else row.closed_at


async def oldest_open(work: Work) -> Period | None:
    """The oldest month with entries that is not closed; None while there is none."""
    day = await store.oldest_open(work)
    return None if day is None else Period.beginning(day)


async def newest_closed(work: Work) -> Period | None:
    """The newest closed month; None while none is."""
    day = await store.newest_closed(work)
    return None if day is None else Period.beginning(day)
