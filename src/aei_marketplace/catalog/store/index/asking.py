"""Asking the index: what matches, what comes first, and how many there are of each sort."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from heapq import nsmallest

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.ranking import Parts, likeliest, squeezed
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.store.index.matching import (
    MOST_NAMES,
    Matches,
    Place,
    Viewer,
    all_words,
    any_word,
    whole_words,
)
from aei_marketplace.catalog.store.index.shelves import Shelves
from aei_marketplace.catalog.store.index.stems import Stems, Word
from aei_marketplace.catalog.store.index.weighing import ORDERS, Candidate, likely_first, rank_of, weigher

#: So many matches are looked at, the most installed first; so many of those that have but one of the words.
MOST_CANDIDATES, MOST_LOOSE = 1_000, 250


@dataclass(frozen=True, slots=True)
class Hit:
    """A plugin that was found.

    Attributes:
        rank: what the order goes by, the highest first; ties go by id.
    """

    id: str
    rank: float
    parts: Parts


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search.

    Attributes:
        total: how many match, of those that were looked at.
        whole: whether all that match were looked at.
        facets: facet → value → how many plugins choosing it would give, of those that were looked at.
    """

    hits: Sequence[Hit]
    total: int
    whole: bool
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Matching:
    """What has every word.

    Attributes:
        words: as they were found; the last one perhaps cut short.
        places: the first that have them, also what is not admitted.
        candidates: everything that could come first, each once.
        holding: the places of what has what was typed; only where names one slip away were looked for.
    """

    words: Sequence[Word]
    places: Sequence[Place]
    candidates: Sequence[Candidate]
    holding: Set[int] = frozenset()


class Reader:
    """One connection's questions; used by one thread at a time.

    Args:
        connection: to the index.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._shelves = Shelves(connection)
        self._stems = Stems(connection)

    def search(
        self,
        criteria: Criteria,
        viewer: Viewer,
        limit: int,
        after: tuple[float, str] | None = None,
        *,
        facets: bool = False,
    ) -> Found:
        """The first hits behind `after`, and how many match.

        Args:
            limit: most hits.
            after: rank and id of the last hit of the page before.
        """
        key = squeezed(criteria.q or "")
        if not key and (criteria.q or "").strip():
            return Found([], 0, whole=True)  # marks alone say nothing
        with self._unchanged():
            matches = Matches(self._db, self._shelves, criteria, viewer)
            if not key:
                found = self._browse(matches, criteria, limit, after)
                return replace(found, facets=_facets(matches, criteria)) if facets else found
            matching = self._matching(matches, criteria, key)
            found = self._rank(criteria, key, matching, limit, after)
        counted = Counter(place.traits for place in matching.places)
        return replace(found, facets=matches.facets_of(counted)) if facets else found

    def begin_with(self, typed: str, viewer: Viewer, limit: int) -> list[str]:
        """Ids of plugins whose name begins with what was typed, the most installed first."""
        key = squeezed(typed)
        if not key:
            return []
        with self._unchanged():
            matches = Matches(self._db, self._shelves, Criteria(), viewer)
            found = [*matches.named([key]), *matches.beginning(key, limit)]
        return list(dict.fromkeys(c.id for c in found))[:limit]

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """The index as it is at one moment."""
        self._db.execute("begin")
        try:
            if self._shelves.refresh():
                self._stems.forget()
            yield
        finally:
            self._db.execute("rollback")

    def _matching(self, matches: Matches, criteria: Criteria, key: str) -> _Matching:
        """What could come first, and the words that it was found by."""
        words = self._stems.look_up(criteria.words)
        matching = _candidates(matches, criteria, key, words)
        if matching.candidates:
            return matching
        shorter = self._stems.cut_short(words)
        return _candidates(matches, criteria, key, shorter) if shorter != words else matching

    def _browse(
        self, matches: Matches, criteria: Criteria, limit: int, after: tuple[float, str] | None
    ) -> Found:
        total = matches.count()
        weigh = weigher(criteria, "", (), self._shelves.plugins, self._shelves.most)
        found = matches.ordered(total, limit, after)
        order = ORDERS[criteria.sort]
        return Found([Hit(c.id, getattr(c, order), Parts(*weigh(c))) for c in found], total, whole=True)

    def _rank(
        self,
        criteria: Criteria,
        key: str,
        matching: _Matching,
        limit: int,
        after: tuple[float, str] | None,
    ) -> Found:
        candidates = matching.candidates
        weigh = weigher(criteria, key, matching.words, self._shelves.plugins, self._shelves.most)
        terms = {c.place: weigh(c) for c in candidates}
        slipped = {c.place for c in candidates if c.typo}
        known = {c.place: c.installs for c in candidates if c.typo or c.place in matching.holding}
        likely = likeliest(known, slipped)
        if likely is not None:
            terms[likely] = likely_first(terms[likely])
        ranked = [(-rank_of(c, criteria.sort, terms[c.place]), c.id, c.place) for c in candidates]
        behind = ranked if after is None else [place for place in ranked if place[:2] > (-after[0], after[1])]
        hits = [Hit(id, -rank, Parts(*terms[place])) for rank, id, place in nsmallest(limit, behind)]
        return Found(hits, len(ranked), len(ranked) < MOST_CANDIDATES)


def _candidates(matches: Matches, criteria: Criteria, key: str, words: Sequence[Word]) -> _Matching:
    places = matches.places(all_words(words), MOST_CANDIDATES)
    found = {c.place: c for c in _having_all(matches, words, places)}
    for c in found.values():
        c.all_words = True
    telling = [word for word in words if word.plugins]
    if len(words) > 1 and telling and len(found) < MOST_NAMES:
        for c in matches.matching(any_word(telling), MOST_LOOSE):
            found.setdefault(c.place, c)
    named = [*matches.named([key]), *matches.with_id((criteria.q or "").strip().lower())]
    for c in (*named, *matches.beginning(key, MOST_NAMES)):
        found.setdefault(c.place, c)
    # A name is typed without blanks; several words are what is looked for, unless one of them is none.
    strange = len((criteria.q or "").split()) == 1 or any(word.plugins == 0 for word in words)
    slips = ranking.slips(key) if strange and not named else ()
    holding = _holding(matches, key, words, found.values()) if slips else frozenset()
    for c in matches.named(slips) if slips else ():
        found.setdefault(c.place, c).typo = True
    return _Matching(words, places, list(found.values()), holding)


def _holding(matches: Matches, key: str, words: Sequence[Word], found: Iterable[Candidate]) -> Set[int]:
    """What has the words in some form, or what was typed as a beginning.

    Not what has some of them, and not what begins as a stem does: nobody who typed `flaks` means `flake8`.
    """
    whole = {place.place for place in matches.places(whole_words(words), MOST_CANDIDATES)}
    typed = [f" {word.typed}" for word in words]
    return whole | {c.place for c in found if _begins(c, key, typed)}


def _begins(c: Candidate, key: str, typed: Sequence[str]) -> bool:
    named = any(name.startswith(key) for name in c.squeezed.split(" "))
    return named or all(word in c.name + c.topics + c.summary for word in typed)


def _having_all(matches: Matches, words: Sequence[Word], places: Sequence[Place]) -> list[Candidate]:
    """What has every word and is admitted; asked for once more only where others came before it."""
    admitted = [place.place for place in places if place.traits in matches.admitted.wholly]
    if len(admitted) == len(places) or len(places) < MOST_CANDIDATES:
        return matches.at(admitted)
    return matches.matching(all_words(words), MOST_CANDIDATES)


def _facets(matches: Matches, criteria: Criteria) -> dict[str, dict[str, int]]:
    """Counted over what matches without the filters, so that each says what choosing it would give."""
    if criteria.publisher is None:
        return matches.facets()
    return matches.facets_of(Counter(matches.traits_of_publisher(MOST_CANDIDATES)))
