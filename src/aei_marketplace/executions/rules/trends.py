"""How executions went, day by day: from counted groups to figures for each day and each plugin."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

DAYS = 30
#: Only so many of the newest executions are counted, so that a page stays quick for whoever runs millions.
MOST_COUNTED = 20_000
MOST_PLUGINS = 8


@dataclass(frozen=True, slots=True)
class Group:
    """Executions of one day and one plugin.

    Attributes:
        ok: how many finished; all others but those still running failed.
        wall_ms: of all that ended, together.
    """

    day: date
    plugin_id: str
    count: int
    ok: int
    running: int
    wall_ms: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day's figures; `mean_ms` is None when nothing ended."""

    day: date
    ok: int
    failed: int
    running: int
    mean_ms: float | None

    @property
    def label(self) -> str:
        """`5 Nov`: the period beside it says which year."""
        return f"{self.day.day} {self.day:%b}"

    @property
    def count(self) -> int:
        """All of the day."""
        return self.ok + self.failed + self.running


@dataclass(frozen=True, slots=True)
class Trend:
    """The last days, the oldest first, and the plugins that ran most.

    Attributes:
        cut: there were more executions than are counted.
    """

    days: tuple[Day, ...]
    plugins: tuple[tuple[str, int], ...]
    cut: bool

    @property
    def count(self) -> int:
        """All that were counted."""
        return sum(day.count for day in self.days)

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return sum(day.failed for day in self.days)

    @property
    def top(self) -> int:
        """The most of one day."""
        return max((day.count for day in self.days), default=0)


def trend(groups: Iterable[Group], today: date) -> Trend:
    """Figures of the last `DAYS` days.

    Args:
        groups: of these days; a day may be missing.
    """
    known = [group for group in groups if today - timedelta(days=DAYS) < group.day <= today]
    days = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    plugins: Counter[str] = Counter()
    for group in known:
        plugins[group.plugin_id] += group.count
    by_day = {day: [group for group in known if group.day == day] for day in days}
    return Trend(
        tuple(_day(day, of_day) for day, of_day in by_day.items()),
        tuple(plugins.most_common(MOST_PLUGINS)),
        sum(group.count for group in known) >= MOST_COUNTED,
    )


def _day(day: date, groups: list[Group]) -> Day:
    count, ok, running = (sum(getattr(g, name) for g in groups) for name in ("count", "ok", "running"))
    ended = count - running
    mean = sum(group.wall_ms for group in groups) / ended if ended else None
    return Day(day, ok, ended - ok, running, mean)
