"""Printable text out of rebuilt memories, in the three widths in which interpreters keep strings."""

import re
from collections.abc import Iterable, Iterator

from aei_inspection.extract.memory import Region
from aei_inspection.extract.texts import Extract

#: Shorter runs are rarely words; longer names and addresses are what a reader looks for.
SHORTEST = 6

_PRINTABLE = frozenset(b"\t\n\r" + bytes(range(0x20, 0x7F)))
#: Each byte's kind. A search for runs of kinds begins with a fixed text, which is many times faster.
_KINDS = bytes(b"a"[0] if byte in _PRINTABLE else 0 if byte == 0 else b"x"[0] for byte in range(256))


def _run_of(unit: bytes) -> re.Pattern[bytes]:
    return re.compile(unit * SHORTEST + b"(?:" + unit + b")*")


# Little endian, as WebAssembly is: a character of ASCII, then no, one or three zeros.
_WIDTHS = {1: _run_of(b"a"), 2: _run_of(b"a\0"), 4: _run_of(b"a\0\0\0")}


def strings_of(memory: Iterable[Region]) -> tuple[Extract, ...]:
    """One extract for each region that holds text: its runs of ASCII, one after the other by line."""
    found = ((region.place, b"\n".join(_runs(region.content))) for region in memory)
    return tuple(Extract(place, content) for place, content in found if content)


def _runs(content: bytes) -> Iterator[bytes]:
    kinds = content.translate(_KINDS)
    for width, run in _WIDTHS.items():
        yield from (content[found.start() : found.end() : width] for found in run.finditer(kinds))
