"""Asking the index: what matches, what comes first, and how many there are of each sort."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass, field, replace
from heapq import nsmallest
from uuid import UUID

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.ranking import Parts, likeliest, squeezed
from aei_marketplace.catalog.rules.searching import NO_PERMISSION, Criteria, Sort
from aei_marketplace.catalog.store.index.shelves import Admitted, Shelves
from aei_marketplace.catalog.store.index.stems import Stems, Word
from aei_marketplace.catalog.store.index.weighing import (
    COLUMNS,
    ORDERS,
    Candidate,
    parts_of,
    rank_of,
    scales,
)

#: So many matches are looked at, the most installed first; so many of those that have but one of the words;
#: so many names that begin with what was typed; so many matches are counted for facets.
MOST_CANDIDATES, MOST_LOOSE, MOST_NAMES, MOST_COUNTED = 1_000, 250, 100, 1_000
#: Below so many plugins with the right traits they are collected, above them the whole order is walked.
_FEW = 3_000
#: Shorter words are one slip away from everything.
_SHORTEST_SLIP = 4
#: A word that stands in fewer is looked for as a beginning too.
_FEW_PLUGINS = 500

_COLUMNS = ", ".join(f"d.{column}" for column in COLUMNS)
_WALKED = {
    Sort.RELEVANCE: "doc_by_quality",
    Sort.INSTALLS: "doc_by_installs",
    Sort.UPDATED: "doc_by_update",
    Sort.RATING: "doc_by_rating",
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: what is shared with one tenant only is found by it and by staff.

    Attributes:
        tenant: None for who is in no tenant.
    """

    tenant: UUID | None
    staff: bool


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
    facets: dict[str, dict[str, int]] = field(default_factory=dict)


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
        self._shelves.refresh()
        key = squeezed(criteria.q or "")
        if not key and (criteria.q or "").strip():
            return Found([], 0, whole=True)  # marks alone say nothing
        words: Sequence[Word] = ()
        if key:
            words, candidates = self._matching(criteria, viewer, key)
            found = self._rank(criteria, key, words, candidates, limit, after)
        else:
            found = self._browse(criteria, viewer, limit, after)
        return replace(found, facets=self._facets(criteria, viewer, key, words)) if facets else found

    def begin_with(self, typed: str, viewer: Viewer, limit: int) -> list[str]:
        """Ids of plugins whose name begins with what was typed, the most installed first."""
        self._shelves.refresh()
        key, anything = squeezed(typed), Criteria()
        if not key:
            return []
        exact = self._named([key], anything, viewer)
        begun = self._match(_beginning(key), anything, viewer, limit)
        return list(dict.fromkeys(c.id for c in (*exact, *begun)))[:limit]

    def _matching(
        self, criteria: Criteria, viewer: Viewer, key: str
    ) -> tuple[Sequence[Word], list[Candidate]]:
        """What could come first, and the words that it was found by."""
        words = self._stems.look_up(criteria.words)
        candidates = self._candidates(criteria, viewer, key, words)
        if candidates:
            return words, candidates
        words = self._stems.cut_short(words)
        return words, self._candidates(criteria, viewer, key, words)

    def _rank(
        self,
        criteria: Criteria,
        key: str,
        words: Sequence[Word],
        candidates: Sequence[Candidate],
        limit: int,
        after: tuple[float, str] | None,
    ) -> Found:
        weigh, most = scales(words, self._shelves.plugins), self._most_installed()
        likely = likeliest({c.place: c.installs for c in candidates}, {c.place for c in candidates if c.typo})
        parts = {c.id: parts_of(c, criteria, key, most, weigh(c), c.place == likely) for c in candidates}
        ranked = [(-rank_of(c, criteria.sort, parts[c.id]), c.id) for c in candidates]
        behind = ranked if after is None else [place for place in ranked if place > (-after[0], after[1])]
        hits = [Hit(id, -rank, parts[id]) for rank, id in nsmallest(limit, behind)]
        return Found(hits, len(ranked), len(ranked) < MOST_CANDIDATES)

    def _candidates(
        self, criteria: Criteria, viewer: Viewer, key: str, words: Sequence[Word]
    ) -> list[Candidate]:
        """Everything that could come first, each once."""
        found = {c.place: c for c in self._match(_all_words(words), criteria, viewer, MOST_CANDIDATES)}
        for c in found.values():
            c.all_words = True
        telling = [word for word in words if word.plugins]
        if len(words) > 1 and telling and len(found) < MOST_NAMES:
            for c in self._match(_any_word(telling), criteria, viewer, MOST_LOOSE):
                found.setdefault(c.place, c)
        id = (criteria.q or "").strip().lower()
        named = [*self._named([key], criteria, viewer), *self._with_id(id, criteria, viewer)]
        for c in (*named, *self._match(_beginning(key), criteria, viewer, MOST_NAMES)):
            found.setdefault(c.place, c)
        # A name is typed without blanks; several words are what is looked for, unless one of them is none.
        strange = len((criteria.q or "").split()) == 1 or any(word.plugins == 0 for word in words)
        if strange and not named and len(key) >= _SHORTEST_SLIP:
            for c in self._slips(key, criteria, viewer):
                found.setdefault(c.place, c).typo = True
        return list(found.values())

    def _slips(self, key: str, criteria: Criteria, viewer: Viewer) -> list[Candidate]:
        return self._named(sorted(ranking.slips(key)), criteria, viewer)

    def _match(self, query: str, criteria: Criteria, viewer: Viewer, limit: int) -> list[Candidate]:
        further, values = self._conditions(criteria, viewer)
        statement = (
            f"select {_COLUMNS} from words cross join doc d on d.place = words.rowid"  # noqa: S608 words of ours
            f" where words match ?{further} limit ?"
        )
        return [Candidate(*row) for row in self._db.execute(statement, [query, *values, limit])]

    def _named(self, keys: Sequence[str], criteria: Criteria, viewer: Viewer) -> list[Candidate]:
        further, values = self._conditions(criteria, viewer)
        statement = (
            f"select distinct {_COLUMNS} from name_key k cross join doc d on d.place = k.place"  # noqa: S608 words and marks of ours
            f" where k.key in ({_marks(keys)}){further} order by d.place limit ?"
        )
        return [Candidate(*row) for row in self._db.execute(statement, [*keys, *values, MOST_NAMES])]

    def _with_id(self, id: str, criteria: Criteria, viewer: Viewer) -> list[Candidate]:
        further, values = self._conditions(criteria, viewer)
        statement = f"select {_COLUMNS} from doc d where d.id = ?{further}"  # noqa: S608 words of ours
        return [Candidate(*row) for row in self._db.execute(statement, [id, *values])]

    def _browse(
        self, criteria: Criteria, viewer: Viewer, limit: int, after: tuple[float, str] | None
    ) -> Found:
        order, walked = ORDERS[criteria.sort], _WALKED[criteria.sort]
        further, values = self._conditions(criteria, viewer)
        total = self._total(criteria, viewer)
        hint = f"indexed by {walked}" if criteria.publisher is None and total > _FEW else ""
        if after is not None:
            further += f" and (d.{order} < ? or (d.{order} = ? and d.id > ?))"
            values = [*values, after[0], *after]
        statement = (
            f"select {_COLUMNS} from doc d {hint} where true{further}"  # noqa: S608 words of ours
            f" order by d.{order} desc, d.id limit ?"
        )
        rows = [Candidate(*row) for row in self._db.execute(statement, [*values, limit])]
        most = self._most_installed()
        hits = [Hit(c.id, getattr(c, order), parts_of(c, criteria, "", most)) for c in rows]
        return Found(hits, total, whole=True)

    def _total(self, criteria: Criteria, viewer: Viewer) -> int:
        if criteria.publisher is None:
            return self._shelves.count(self._admitted(criteria, viewer))
        further, values = self._conditions(criteria, viewer)
        statement = f"select count(*) from doc d where true{further}"  # noqa: S608 words of ours
        return int(self._db.execute(statement, values).fetchone()[0])

    def _facets(
        self, criteria: Criteria, viewer: Viewer, key: str, words: Sequence[Word]
    ) -> dict[str, dict[str, int]]:
        """Counted over what matches without the filters, so that each says what choosing it would give."""
        if not key and criteria.publisher is None:
            return self._shelves.facets(criteria, _tenant(viewer), staff=viewer.staff)
        admitted = self._admitted(criteria, viewer)
        return self._shelves.facets_of(self._matching_traits(criteria, key, words), admitted)

    def _matching_traits(self, criteria: Criteria, key: str, words: Sequence[Word]) -> dict[int, int]:
        whose, values = _published_by(criteria)
        if not key:
            statement = f"select d.traits from doc d where true{whose} limit ?"  # noqa: S608 words of ours
            rows = self._db.execute(statement, [*values, MOST_COUNTED])
        else:
            statement = (
                "select d.traits from words cross join doc d on d.place = words.rowid"  # noqa: S608 words of ours
                f" where words match ?{whose} limit ?"
            )
            rows = self._db.execute(statement, [_all_words(words), *values, MOST_COUNTED])
        return Counter(traits for (traits,) in rows)

    def _conditions(self, criteria: Criteria, viewer: Viewer) -> tuple[str, list[object]]:
        """What is to be added to a statement over `doc d`, with its values."""
        admitted = self._admitted(criteria, viewer)
        further, values = _published_by(criteria)
        for condition, value in _filters(criteria):
            further += f" and {condition}"
            values += value
        for column, ids in (("access", admitted.access), ("spans", admitted.spans)):
            if ids is not None:
                further += f" and d.{column} in ({_marks(ids)})"
                values += ids
        return further, values

    def _admitted(self, criteria: Criteria, viewer: Viewer) -> Admitted:
        return self._shelves.admitted(criteria, _tenant(viewer), staff=viewer.staff)

    def _most_installed(self) -> int:
        row = self._db.execute("select installs from doc order by installs desc limit 1").fetchone()
        return row[0] if row else 0


def _filters(criteria: Criteria) -> Iterator[tuple[str, list[object]]]:
    """The conditions of the facets."""
    if criteria.kind is not None:
        yield "d.kind = ?", [criteria.kind]
    if criteria.price is not None:
        yield "d.price = ?", [criteria.price]
    if criteria.certified is not None:
        yield "d.certified = ?", [criteria.certified]
    if criteria.category is not None:
        yield "instr(d.categories, ?) > 0", [f" {criteria.category} "]
    if criteria.permission == NO_PERMISSION:
        yield "d.permissions = ''", []
    elif criteria.permission is not None:
        yield "instr(d.permissions, ?) > 0", [f" {criteria.permission} "]


def _tenant(viewer: Viewer) -> str | None:
    return None if viewer.tenant is None else str(viewer.tenant)


def _published_by(criteria: Criteria) -> tuple[str, list[object]]:
    if criteria.publisher is None:
        return "", []
    name = criteria.publisher.lower()
    return " and (d.publisher = ? or d.namespace = ?)", [name, name]


def _all_words(words: Sequence[Word]) -> str:
    """Every word; the last one also as the beginning of one, unless that would be very many."""
    last = words[-1].plugins if words else None
    beginning = "*" if last is not None and last < _FEW_PLUGINS else ""
    return (" ".join(f'"{word.typed}"' for word in words) or '""') + beginning


def _any_word(words: Sequence[Word]) -> str:
    return " OR ".join(f'"{word.typed}"' for word in words)


def _beginning(key: str) -> str:
    return f'squeezed : "{key}" *'


def _marks(values: Sized) -> str:
    return ",".join("?" * len(values))
