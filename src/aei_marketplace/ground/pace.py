"""How often somebody does a thing that people seldom do."""

from collections.abc import Sequence
from datetime import datetime, timedelta


def wait_until_free(recent: Sequence[datetime], most: int, period: timedelta, now: datetime) -> int | None:
    """How many seconds somebody waits before they do it once more; None when they need not.

    Args:
        recent: when they did within the last `period`, the newest first.
        most: how often they may within it.
    """
    if len(recent) < most:
        return None
    return max(1, int((recent[most - 1] + period - now).total_seconds()) + 1)
