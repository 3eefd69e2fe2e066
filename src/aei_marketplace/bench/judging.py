"""How good an order of what was found is, by what people hold to be right.

Normalised discounted cumulative gain after Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
techniques" (ACM Transactions on Information Systems 20, 2002), with the gain 2^grade - 1 of Burges and others
(ICML 2005), in which one name of grade 3 outweighs two of grade 2, and the discount log2(place + 1).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Judged:
    """A query and what it should find.

    Attributes:
        grades: name → 1 to 3, the higher the better; what is not named is held to be wrong.
    """

    query: str
    grades: Mapping[str, int]

    def among(self, names: Iterable[str]) -> "Judged":
        """The same where nothing but these names can be found."""
        return Judged(self.query, {name: self.grades[name] for name in names if name in self.grades})


class Halves(NamedTuple):
    """Judged queries, of the same fields in both.

    Attributes:
        development: what a ranking may be tuned by.
        held_out: what says whether that was of use.
    """

    development: list[Judged]
    held_out: list[Judged]


def read_judged(lines: Iterable[str]) -> Halves:
    """Lines as in `judged_queries.txt`, turn by turn for development and held out.

    Raises:
        ValueError: a line does not have a query and three groups of names, or names one twice.
    """
    read = [_judged(line) for line in lines if line.strip() and not line.startswith("#")]
    return Halves(read[0::2], read[1::2])


def gain(grades: Sequence[int]) -> float:
    """What grades add up to in this order; a place further down counts less."""
    return sum((2.0**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades, start=1))


def ndcg(found: Sequence[str], judged: Judged, depth: int) -> float:
    """The gain of the first names found, in shares of what the best order of all would gain: 0 to 1.

    Args:
        found: each name once.
        depth: how many places count.

    Raises:
        ValueError: nothing is right for the query, so no order is better than another.
    """
    best = gain(sorted(judged.grades.values(), reverse=True)[:depth])
    if not best:
        raise ValueError(f"nothing that can be found is right for {judged.query!r}")
    return gain([judged.grades.get(name, 0) for name in found[:depth]]) / best


def _judged(line: str) -> Judged:
    query, *groups = (part.strip() for part in line.split("|"))
    named = [(name, grade) for group, grade in zip(groups, (3, 2, 1), strict=False) for name in group.split()]
    grades = dict(named)
    if len(groups) != 3 or not query or len(grades) != len(named):
        raise ValueError(f"not a query and three groups of different names, parted by |: {line.strip()!r}")
    return Judged(query, grades)
