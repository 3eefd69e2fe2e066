"""Printable text out of rebuilt memories, in the three widths in which interpreters keep strings."""

import re
from collections.abc import Iterable, Iterator

from aei_inspection.extract.memory import Region
from aei_inspection.extract.texts import Extract

#: Shorter runs are rarely words; longer names and addresses are what a reader looks for.
SHORTEST = 6

_CHARACTER = rb"[\x20-\x7e\t\n\r]"
_NARROW = re.compile(_CHARACTER + rb"{%d,}" % SHORTEST)
# Little endian, as WebAssembly is: a character of ASCII, then one or three zeros.
_WIDE = re.compile(rb"(?:%s\0){%d,}" % (_CHARACTER, SHORTEST))
_WIDEST = re.compile(rb"(?:%s\0\0\0){%d,}" % (_CHARACTER, SHORTEST))


def strings_of(memory: Iterable[Region]) -> tuple[Extract, ...]:
    """One extract for each region that holds text: its runs of ASCII, one after the other by line."""
    found = ((region.place, b"\n".join(_runs(region.content))) for region in memory)
    return tuple(Extract(place, content) for place, content in found if content)


def _runs(content: bytes) -> Iterator[bytes]:
    yield from (run.group() for run in _NARROW.finditer(content))
    yield from (run.group()[::2] for run in _WIDE.finditer(content))
    yield from (run.group()[::4] for run in _WIDEST.finditer(content))
