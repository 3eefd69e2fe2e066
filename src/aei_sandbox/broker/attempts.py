"""The host calls of a rehearsal, counted by function and target."""

import json
from collections import Counter
from typing import Any

from aei_protocol.messages import Attempt
from aei_sandbox.broker.exchange import BadRequest, read_request
from aei_sandbox.broker.files.names import AREAS, split_area
from aei_sandbox.broker.models import named_model
from aei_sandbox.broker.target import BadUrl, NotGranted, admitted_target
from aei_sandbox.text import escaped

#: So many are told, the most frequent first; those that were denied stand before the others.
MOST_TOLD = 100
_LONGEST_TARGET = 255
#: Beyond this many different ones only the remainder is counted, so that a flood stays small.
_MOST_REMEMBERED = 1000


class Attempts:
    """Counts what a guest asks of the host; targets are hosts and names only, never a payload."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._denied: Counter[tuple[str, str]] = Counter()
        self._unremembered = 0
        self._last: tuple[str, str] | None = None

    def asked(self, interface: str, function: str, arguments: list[Any]) -> None:
        """The guest called; the answer follows, unless the call has none."""
        key = (f"{interface}.{function}", escaped(_target(interface, arguments), _LONGEST_TARGET))
        self._last = key if key in self._counts or len(self._counts) < _MOST_REMEMBERED else None
        if self._last is None:
            self._unremembered += 1
        else:
            self._counts[key] += 1

    def answered(self, answer: Any) -> None:
        """The call was answered."""
        if self._last is not None and isinstance(answer, tuple) and not answer[0]:
            self._denied[self._last] += json.loads(answer[1])["code"] == "denied"

    def summary(self) -> tuple[tuple[Attempt, ...], int]:
        """What was attempted, at most `MOST_TOLD`, and how many calls were others."""
        counted = [Attempt(*key, count, self._denied[key]) for key, count in self._counts.items()]
        counted.sort(key=lambda each: (-each.denied, -each.count, each.function, each.target))
        rest = sum(each.count for each in counted[MOST_TOLD:]) + self._unremembered
        return tuple(counted[:MOST_TOLD]), rest


def _target(interface: str, arguments: list[Any]) -> str:
    match interface:
        case "http":
            return _host(arguments[0])
        case "secrets" | "plugins":
            return str(arguments[0])
        case "models":
            return named_model(arguments[0]) or ""
        case "files":
            area, _ = split_area(arguments[0])
            return area if area in AREAS else ""
    return ""


def _host(request: str) -> str:
    """Where a request wants to go; empty where it names no host at all."""
    try:
        return admitted_target(read_request(request).url, ()).host
    except NotGranted as told:  # always, where it is a URL: nothing is granted here
        return told.host
    except (BadRequest, BadUrl):
        return ""
