"""A guest's progress: clamped, escaped, and no faster than anyone can watch."""

import math
import time
from collections.abc import Callable

from aei_protocol.messages import Progress
from aei_sandbox.text import escaped

SECONDS_BETWEEN = 0.05
LONGEST_MESSAGE = 200


class ProgressReports:
    """Forwards at most 20 reports a second; the last one is always forwarded.

    Args:
        execution: its id.
        tell: sends a report on.
        now: a monotonic clock in seconds.
    """

    def __init__(
        self, execution: str, tell: Callable[[Progress], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._execution = execution
        self._tell = tell
        self._now = now
        self._next = -math.inf
        self._held: Progress | None = None

    def report(self, fraction: float, message: str) -> None:
        """Take one report; not a number counts as 0."""
        clamped = 0.0 if math.isnan(fraction) else min(1.0, max(0.0, fraction))
        self._held = Progress(self._execution, clamped, escaped(message, LONGEST_MESSAGE))
        if self._now() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Send the report that was held back, if one was."""
        if self._held is not None:
            self._tell(self._held)
            self._held, self._next = None, self._now() + SECONDS_BETWEEN
