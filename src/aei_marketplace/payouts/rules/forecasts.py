"""A forecast of the month under way, with what it assumes."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime

from aei_marketplace.ledger.rules.periods import Period

#: Before so many days have gone by, a forecast would be a guess.
_LEAST_DAYS = 3
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a month may come to.

    Attributes:
        net: minor units.
        days: whole days that it goes by.
        of_days: how many the month has.
    """

    net: int
    days: int
    of_days: int


def forecast(net: int, period: Period, now: datetime) -> Forecast | None:
    """The month goes on as it went so far: earnings by elapsed time, rounded down.

    Args:
        net: what the month brought so far, in minor units.

    Returns:
        None when less than three days have gone by, or the month is over.
    """
    begin = datetime(period.year, period.month, 1, tzinfo=UTC)
    of_days = monthrange(period.year, period.month)[1]
    elapsed = int((now - begin).total_seconds())
    if not _LEAST_DAYS * _SECONDS_A_DAY <= elapsed < of_days * _SECONDS_A_DAY:
        return None
    return Forecast(net * of_days * _SECONDS_A_DAY // elapsed, elapsed // _SECONDS_A_DAY, of_days)
