"""JavaScript of a component, line by line, against texts that it may come from."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files

from aei_inspection.extract.texts import Extract

#: Shorter lines are brackets and the like, and stand everywhere.
_SHORTEST = 12
#: What lies beside a text in memory may be printable by chance, or cut its ends off.
_FRAYED = 8


def foreign_lines(scripts: Iterable[Extract], sources: Iterable[Extract]) -> Iterator[tuple[str, str]]:
    """Place and text of each line that is in no source and not the kit's, once."""
    known = "\n".join([kit_javascript(), *(source.content.decode("utf-8", "replace") for source in sources)])
    told: set[str] = set()
    for script in scripts:
        for line in _lines(script.content):
            if line not in told and line not in known:
                told.add(line)
                yield script.place, line


@lru_cache(maxsize=1)
def kit_javascript() -> str:
    """What the guest modules of the authors' kit say, as `tools/kit_lines.py` wrote it down."""
    return (files("aei_inspection") / "extract" / "kit_javascript.txt").read_text("utf-8")


def _lines(content: bytes) -> Iterator[str]:
    first, *rest = content.decode("utf-8", "replace").split("\n")
    lines = [first[_FRAYED:], *rest]
    lines[-1] = lines[-1][:-_FRAYED]
    yield from (line for line in map(str.strip, lines) if len(line) >= _SHORTEST)
