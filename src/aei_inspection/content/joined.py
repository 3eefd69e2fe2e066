"""Many extracts as one content, so that what is spread over them is seen together and still has its place."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from aei_inspection.extract.texts import Extract

#: Neither text nor a part of any number, so that nothing reaches across.
_SEAM = b"\n\0\0\n"


@dataclass(frozen=True)
class Joined:
    """Extracts one after the other.

    Attributes:
        starts: where each begins in `content`, in bytes.
    """

    content: bytes = field(repr=False)
    starts: tuple[int, ...]
    places: tuple[str, ...]

    def place(self, offset: int) -> str:
        """The place of the extract that holds an offset; with its line when it is a file of the sources."""
        index = max(0, bisect_right(self.starts, offset) - 1)
        if not self.places:
            return ""
        place = self.places[index]
        if not place.startswith("source/"):
            return place
        return f"{place}:{self.content.count(_NEWLINE, self.starts[index], offset) + 1}"


_NEWLINE = b"\n"


def join(extracts: Iterable[Extract]) -> Joined:
    """Put extracts together."""
    pieces: list[bytes] = []
    starts: list[int] = []
    places: list[str] = []
    at = 0
    for extract in extracts:
        starts.append(at)
        places.append(extract.place)
        pieces.append(extract.content)
        at += len(extract.content) + len(_SEAM)
    return Joined(_SEAM.join(pieces), tuple(starts), tuple(places))
