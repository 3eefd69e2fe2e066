"""Until when staff should have decided about a review: what looks wrong comes first."""

from collections.abc import Collection
from datetime import datetime, timedelta

from aei_marketplace.reviews.rules.flags import FlagKind

DUE_IN = timedelta(hours=72)
SOONEST = timedelta(hours=4)
#: By how much it is due earlier: for each report, and for each kind of flag.
PER_REPORT = timedelta(hours=24)
PER_FLAG = {
    FlagKind.NEAR_DUPLICATE: timedelta(hours=24),
    FlagKind.BURST: timedelta(hours=24),
    FlagKind.NEW_ACCOUNTS: timedelta(hours=16),
    FlagKind.LINKS: timedelta(hours=12),
}


def due(
    since: datetime, flags: Collection[FlagKind] = (), reports: int = 0, *, held: bool = False
) -> datetime:
    """Until when staff should have decided.

    Args:
        since: when it began to wait.
        reports: those that wait for a decision.
        held: reports have taken it out of sight: its writer waits, too.
    """
    if held:
        return since + SOONEST
    sooner = sum((PER_FLAG[flag] for flag in flags), PER_REPORT * reports)
    return since + max(SOONEST, DUE_IN - sooner)
