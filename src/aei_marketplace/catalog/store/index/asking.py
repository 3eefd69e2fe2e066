"""Asking the index: what matches, what comes first, and how many there are of each sort."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.ranking import Parts, likeliest, squeezed
from aei_marketplace.catalog.rules.searching import Criteria, Sort
from aei_marketplace.catalog.store.index.bounding import Bounds
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.first import First, Ranked
from aei_marketplace.catalog.store.index.matching import (
    MOST_NAMES,
    Matches,
    Viewer,
    all_words,
    any_word,
    whole_words,
)
from aei_marketplace.catalog.store.index.shelves import Shelves
from aei_marketplace.catalog.store.index.stems import Stems, Word
from aei_marketplace.catalog.store.index.weighing import (
    ORDERS,
    Candidate,
    Telling,
    Weigher,
    likely_first,
    telling_of,
)

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
    """Everything that could come first, each once.

    Attributes:
        words: as they were found; the last one perhaps cut short.
        places: of the first that have every word, also of what is not admitted.
        read: by place, those whose texts are known.
        unread: of all others whether they have every word.
        namesakes: whether one of these may have the very name.
        holding: the places of what has what was typed; only where names one slip away were looked for.
    """

    words: Sequence[Word]
    places: Sequence[int]
    read: Mapping[int, Candidate]
    unread: Mapping[int, bool]
    namesakes: bool
    holding: Set[int] = frozenset()

    @property
    def total(self) -> int:
        return len(self.read) + len(self.unread)


class Reader:
    """One connection's questions; used by one thread at a time.

    Args:
        connection: to the index.
        facts: kept beside it.
    """

    def __init__(self, connection: sqlite3.Connection, facts: Facts) -> None:
        self._db, self._facts = connection, facts
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
            matches = Matches(self._db, self._facts, self._shelves, criteria, viewer)
            if not key:
                found = self._browse(matches, criteria, limit, after)
                return replace(found, facets=_facets(matches, criteria)) if facets else found
            matching = self._matching(matches, criteria, key)
            found = self._rank(matches, criteria, key, matching, limit, after)
        return replace(found, facets=matches.facets_of(self._counted(matching.places))) if facets else found

    def begin_with(self, typed: str, viewer: Viewer, limit: int) -> list[str]:
        """Ids of plugins whose name begins with what was typed, the most installed first."""
        key = squeezed(typed)
        if not key:
            return []
        with self._unchanged():
            matches = Matches(self._db, self._facts, self._shelves, Criteria(), viewer)
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
        if matching.total:
            return matching
        shorter = self._stems.cut_short(words)
        return _candidates(matches, criteria, key, shorter) if shorter != words else matching

    def _browse(
        self, matches: Matches, criteria: Criteria, limit: int, after: tuple[float, str] | None
    ) -> Found:
        total = matches.count()
        weigher = Weigher(criteria, self._facts, "", (), self._shelves.most)
        found = matches.ordered(total, limit, after)
        hits = [Hit(c.id, c.ordered_by, Parts(*weigher.terms(c))) for c in found]
        return Found(hits, total, whole=True)

    def _rank(
        self,
        matches: Matches,
        criteria: Criteria,
        key: str,
        matching: _Matching,
        limit: int,
        after: tuple[float, str] | None,
    ) -> Found:
        telling = telling_of(matching.words, self._shelves.plugins)
        weigher = Weigher(criteria, self._facts, key, telling, self._shelves.most)
        terms = {place: weigher.terms(c) for place, c in matching.read.items()}
        slipped = {place for place, c in matching.read.items() if c.typo}
        holding = matching.holding | slipped
        known = {place: self._facts.installs[place] for place in matching.read.keys() & holding}
        likely = likeliest(known, slipped)
        if likely is not None:
            terms[likely] = likely_first(terms[likely])
        first = First(criteria.sort, limit, after)
        first.take(matching.read.values(), terms)
        for places in first.promising(self._hopes(matches, criteria.sort, key, matching, telling)):
            read = matches.read({place: matching.unread[place] for place in places})
            terms |= {c.place: weigher.terms(c) for c in read}
            first.take(read, terms)
        hits = [Hit(id, -rank, Parts(*terms[place])) for rank, id, place in first.ranked]
        return Found(hits, matching.total, matching.total < MOST_CANDIDATES)

    def _hopes(
        self, matches: Matches, sort: Sort, key: str, matching: _Matching, telling: Sequence[Telling]
    ) -> list[Ranked]:
        """How high each could come whose texts were not read; with its id where they decide nothing."""
        unread, facts = matching.unread, self._facts
        if not unread:
            return []
        if sort is not Sort.RELEVANCE:
            ids, order = matches.ids(unread), getattr(facts, ORDERS[sort])
            return [(-order[place], ids[place], place) for place in unread]
        bounds = Bounds(facts, telling, self._shelves.most)
        highest = bounds.highest(unread, matches.named_so(key), matching.namesakes)
        return [(-rank, "", place) for place, rank in highest.items()]

    def _counted(self, places: Sequence[int]) -> Mapping[int, int]:
        """How many of these there are of each traits."""
        return Counter(self._facts.traits_of(places))


def _candidates(matches: Matches, criteria: Criteria, key: str, words: Sequence[Word]) -> _Matching:
    places = matches.places(all_words(words), MOST_CANDIDATES)
    unread = dict.fromkeys(matches.admitted_places(all_words(words), MOST_CANDIDATES, places), True)
    telling = [word for word in words if word.plugins]
    if len(words) > 1 and telling and len(unread) < MOST_NAMES:
        loose = matches.admitted_places(any_word(telling), MOST_LOOSE)
        unread = dict.fromkeys(loose, False) | unread
    namesakes = matches.named([key])
    named = [*namesakes, *matches.with_id((criteria.q or "").strip().lower())]
    read = {c.place: c for c in (*named, *matches.beginning(key, MOST_NAMES))}
    # A name is typed without blanks; several words are what is looked for, unless one of them is none.
    strange = len((criteria.q or "").split()) == 1 or any(word.plugins == 0 for word in words)
    slips = ranking.slips(key) if strange and not named else ()
    if slips:
        read = {c.place: c for c in matches.read(unread)} | read
    for place in unread.keys() & read.keys():
        read[place].all_words = unread.pop(place)
    holding = _holding(matches, key, words, read.values()) if slips else frozenset()
    for c in matches.named(slips) if slips else ():
        read.setdefault(c.place, c).typo = True
    return _Matching(words, places, read, unread, len(namesakes) == MOST_NAMES, holding)


def _holding(matches: Matches, key: str, words: Sequence[Word], found: Iterable[Candidate]) -> Set[int]:
    """What has the words in some form, or what was typed as a beginning.

    Not what has some of them, and not what begins as a stem does: nobody who typed `flaks` means `flake8`.
    """
    whole = set(matches.places(whole_words(words), MOST_CANDIDATES))
    typed = [f" {word.typed}" for word in words]
    return whole | {c.place for c in found if _begins(c, key, typed)}


def _begins(c: Candidate, key: str, typed: Sequence[str]) -> bool:
    named = any(name.startswith(key) for name in c.squeezed.split(" "))
    return named or all(word in c.name + c.topics + c.summary for word in typed)


def _facets(matches: Matches, criteria: Criteria) -> dict[str, dict[str, int]]:
    """Counted over what matches without the filters, so that each says what choosing it would give."""
    if criteria.publisher is None:
        return matches.facets()
    return matches.facets_of(Counter(matches.traits_of_publisher(MOST_CANDIDATES)))
