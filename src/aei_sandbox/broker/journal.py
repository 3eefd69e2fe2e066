"""A guest's log: levels known, lines escaped and cut, the whole bounded."""

from collections.abc import Callable

from aei_protocol.messages import LogLine
from aei_sandbox.text import escaped

LEVELS = frozenset({"debug", "info", "warn", "error"})
LONGEST_LINE = 8192


class Journal:
    """Forwards the lines of one execution until its log limit is reached.

    Args:
        execution: its id.
        limit: bytes of escaped text, over all lines.
        tell: sends a line on.
    """

    def __init__(self, execution: str, limit: int, tell: Callable[[LogLine], None]) -> None:
        self._execution = execution
        self._left = limit
        self._tell = tell
        self.truncated = False

    def write(self, at_ms: int, level: str, message: str) -> None:
        """Forward one line; once one did not fit, no further line is forwarded."""
        if self.truncated:
            return
        line = escaped(message, LONGEST_LINE)
        size = len(line.encode())
        if size > self._left:
            self.truncated = True
            return
        self._left -= size
        self._tell(LogLine(self._execution, at_ms, level if level in LEVELS else "info", line))
