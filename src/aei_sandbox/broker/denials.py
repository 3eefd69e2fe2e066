"""What was refused to one execution, counted by permission and target."""

from collections import Counter

from aei_protocol.messages import Denial
from aei_sandbox.text import escaped

MOST_TARGETS = 20
_LONGEST_TARGET = 255
#: Beyond this many different targets only the remainder is counted, so that a flood stays small.
_MOST_REMEMBERED = 1000


class Denials:
    """Counts refusals; targets are hosts and names only, never a payload."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._unremembered = 0
        self.total = 0

    def add(self, permission: str, target: str) -> None:
        """Count one refused call."""
        self.total += 1
        key = (permission, escaped(target, _LONGEST_TARGET))
        if key in self._counts or len(self._counts) < _MOST_REMEMBERED:
            self._counts[key] += 1
        else:
            self._unremembered += 1

    def summary(self) -> tuple[tuple[Denial, ...], int]:
        """The most frequent targets, at most 20 of each permission, and how many calls had others."""
        shown: Counter[str] = Counter()
        listed: list[Denial] = []
        rest = self._unremembered
        for (permission, target), count in self._counts.most_common():
            shown[permission] += 1
            if shown[permission] <= MOST_TARGETS:
                listed.append(Denial(permission, target, count))
            else:
                rest += count
        return tuple(listed), rest
