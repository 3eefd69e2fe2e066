"""A clock that goes on when a test says so."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aei_marketplace.ground.clock import utc_now


@dataclass
class Time:
    """The time of day, and what a test adds to it.

    Attributes:
        ahead: how far the clock is ahead of the real one.
    """

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return utc_now() + self.ahead
