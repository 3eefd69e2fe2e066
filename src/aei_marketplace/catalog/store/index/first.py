"""What comes first, without reading what cannot."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest

from aei_marketplace.catalog.rules.searching import Sort
from aei_marketplace.catalog.store.index.weighing import Candidate, rank_of

#: After the first ones twice as many are read, again and again.
_GROWTH = 2
#: A rank with its sign turned, the id and the place: these sort as the plugins come.
Ranked = tuple[float, str, int]


class First:
    """The first of all that were taken so far.

    Args:
        limit: most of them, at least one.
        after: rank and id of the last one before them.

    Attributes:
        ranked: they, in their order.
    """

    def __init__(self, sort: Sort, limit: int, after: tuple[float, str] | None) -> None:
        self._sort, self._limit = sort, limit
        self._before = None if after is None else (-after[0], after[1])
        self.ranked: list[Ranked] = []

    def take(self, candidates: Iterable[Candidate], terms: Mapping[int, Sequence[float]]) -> None:
        """Have some more, with the terms of their scores by place."""
        ranked = [(-rank_of(c, self._sort, terms[c.place]), c.id, c.place) for c in candidates]
        before = self._before
        behind = ranked if before is None else [one for one in ranked if one[:2] > before]
        self.ranked = nsmallest(self._limit, [*self.ranked, *behind])

    def promising(self, hopes: Iterable[Ranked]) -> Iterator[list[int]]:
        """The places of those that might still come among the first; take each lot before the next.

        Nobody sees more than the first ones, and most of a thousand that match have far too few
        installations: whatever their texts say does not help them.

        Args:
            hopes: the highest rank that each could have; an id only where it is this one or lower by name.
        """
        waiting, begun, many = sorted(hopes), 0, self._limit
        while begun < len(waiting) and not self._closed_to(waiting[begun]):
            yield [place for _, _, place in waiting[begun : begun + many]]
            begun, many = begun + many, many * _GROWTH

    def _closed_to(self, one: Ranked) -> bool:
        return len(self.ranked) == self._limit and self.ranked[-1][:2] < one[:2]
