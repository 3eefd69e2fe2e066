"""What a plugin's texts can say for words at most, known without reading them.

Of a thousand plugins that have the words few can come first. Which ones, their texts say, and reading these
took most of a search. So it is noted of each how its words begin, as a set of bits that may claim too much
and never too little (Bloom, "Space/time trade-offs in hash coding with allowable errors", CACM 13, 1970), how
many of them begin alike, and how long the texts are.
"""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

#: So many letters of a word are noted; shorter words, and what begins shorter, are not told apart.
LETTERS = 3
_BITS = 64
#: A shape holds lengths in steps of so many letters, and how many words begin alike in so many bits each:
#: a manifest's summary of 200 letters and 20 keywords of 40 have far fewer than these can count.
_STEP, _ALIKE = 16, 10
_MOST_ALIKE, _MOST_STEPS = (1 << _ALIKE) - 1, (1 << 12) - 1


class Outline(NamedTuple):
    """What is noted of a plugin's texts.

    Attributes:
        named: a bit for the beginning of each word of its name and topics.
        described: the same of its summary.
        shape: how long all are, and how many words of each begin alike; `Shape.read` takes it apart.
    """

    named: int
    described: int
    shape: int


class Shape(NamedTuple):
    """An outline's numbers.

    Attributes:
        letters: that the texts have at least, with the blanks before the words.
        named, described: most words that begin alike.
    """

    letters: int
    named: int
    described: int

    @classmethod
    def read(cls, shape: int) -> "Shape":
        """Take an outline's shape apart."""
        return cls((shape >> 2 * _ALIKE) * _STEP, shape >> _ALIKE & _MOST_ALIKE, shape & _MOST_ALIKE)


def outline_of(name: str, topics: str, summary: str) -> Outline:
    """Note what is needed of texts as `ranking.apart` writes them."""
    named, named_alike = _noted(f"{name}{topics}".split())
    described, described_alike = _noted(summary.split())
    steps = min(_MOST_STEPS, (len(name) + len(topics) + len(summary)) // _STEP)
    return Outline(named, described, (steps << _ALIKE | named_alike) << _ALIKE | described_alike)


def bits_of(beginnings: Iterable[str]) -> list[int] | None:
    """The bits of words that begin in one of these ways, those that begin alike together.

    None where one is too short to be told apart.
    """
    alike = {beginning[:LETTERS] for beginning in beginnings}
    return [_bit(each) for each in alike] if all(len(each) == LETTERS for each in alike) else None


def _noted(words: Iterable[str]) -> tuple[int, int]:
    alike = Counter(word[:LETTERS] for word in words if len(word) >= LETTERS)
    bits = 0
    for beginning in alike:
        bits |= _bit(beginning)
    return bits, min(_MOST_ALIKE, max(alike.values(), default=0))


@lru_cache(maxsize=10_000)
def _bit(beginning: str) -> int:
    return 1 << crc32(beginning.encode()) % _BITS
