"""Which plugins fit: by their words, their names, the beginnings of their names, their traits."""

import sqlite3
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from uuid import UUID

import msgspec

from aei_marketplace.catalog.rules.searching import NO_PERMISSION, Criteria, Sort
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.looking import all_of, marks
from aei_marketplace.catalog.store.index.shelves import Admitted, Shelves
from aei_marketplace.catalog.store.index.stems import Word
from aei_marketplace.catalog.store.index.weighing import COLUMNS, ORDERS, Candidate

#: So many names that begin with what was typed are looked at.
MOST_NAMES = 100
#: So many names that begin with what was typed are told apart from those that do not.
_MOST_NAMED = 5_000
#: Where too few of what was looked at are admitted, as many are looked at next as will probably do and so
#: many more, but never more than so many times as many.
_SPARE, _FURTHER = 100, 4
_IDS = list[tuple[int, str]]
#: Below so many plugins with the right traits they are collected, above them the whole order is walked.
_FEW = 3_000
#: A word that stands in fewer is looked for as a beginning too.
_FEW_PLUGINS = 500
_ITEM = f"json_array({', '.join(COLUMNS)}, ordered_by)"
_COLUMNS = ", ".join(f"d.{column}" for column in COLUMNS)
_LISTED = "json_each(?) j cross join doc d on d.place = j.value"
_MATCHING = "words cross join doc d on d.place = words.rowid where words match ?"
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


class Matches:
    """One connection's look for plugins under the conditions of one search.

    Args:
        connection: to the index.
        facts: kept beside it.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        facts: Facts,
        shelves: Shelves,
        criteria: Criteria,
        viewer: Viewer,
    ) -> None:
        self._db, self._facts, self._shelves, self._criteria = connection, facts, shelves, criteria
        self._tenant, self._staff = None if viewer.tenant is None else str(viewer.tenant), viewer.staff
        self._columns = f"{_COLUMNS}, d.{ORDERS[criteria.sort]}"
        self.admitted = shelves.admitted(criteria, self._tenant, staff=self._staff)

    def places(self, query: str, limit: int, behind: int = 0) -> list[int]:
        """The first that match, the most installed first, also what the search does not admit.

        Only a publisher that is asked for holds for these too.

        Args:
            behind: the place of the last one before.
        """
        whose, values = _published_by(self._criteria)
        joined = f" cross join doc d on d.place = words.rowid{whose}" if whose else ""
        matching = f"words{joined} where words match ? and words.rowid > ?"
        source = f"(select words.rowid as place from {matching} limit ?)"  # noqa: S608 words of ours
        return all_of(self._db, list[int], "place", source, [*values, query, behind, limit])

    def admitted_places(self, query: str, limit: int, found: Sequence[int] = ()) -> list[int]:
        """The first that match and are admitted, the most installed first.

        Args:
            found: the first `limit` that match, if they were looked for already.
        """
        many, wholly = limit, self.admitted.wholly
        found = found or self.places(query, many)
        admitted, seen = self._facts.having(found, wholly), len(found)
        while len(found) == many and len(admitted) < limit:
            missing, share = limit - len(admitted), max(1, len(admitted)) / seen
            many = min(many * _FURTHER, int(missing / share) + _SPARE)
            found = self.places(query, many, behind=found[-1])
            admitted, seen = admitted + self._facts.having(found, wholly), seen + many
        return admitted[:limit]

    def ids(self, places: Iterable[int]) -> dict[int, str]:
        """The plugins at these places."""
        return dict(all_of(self._db, _IDS, "json_array(place, d.id)", _LISTED, [_json(places)]))

    def named_so(self, key: str) -> Set[int] | None:
        """The places of all that have a name beginning so; None where these are too many to tell."""
        rows = "(select place from name_key where key >= ? and key < ? limit ?)"
        beginning = [key, key + chr(sys.maxunicode), _MOST_NAMED]
        places = all_of(self._db, list[int], "place", rows, beginning)
        return set(places) if len(places) < _MOST_NAMED else None

    def read(self, places: Mapping[int, bool]) -> list[Candidate]:
        """The plugins at these places with their texts.

        Args:
            places: whether each has every word that was typed.
        """
        read = f"json_array({self._columns})"
        candidates = all_of(self._db, list[Candidate], read, _LISTED, [_json(places)])
        for c in candidates:
            c.all_words = places[c.place]
        return candidates

    def matching(self, query: str, limit: int) -> list[Candidate]:
        """The first that match and are admitted, the most installed first."""
        return self._first(_MATCHING, [query], "", limit)

    def beginning(self, key: str, limit: int) -> list[Candidate]:
        """Those whose name begins so."""
        return self.matching(f'squeezed : "{key}" *', limit)

    def named(self, keys: Collection[str]) -> list[Candidate]:
        """Those that have one of these names, squeezed."""
        source = (
            "(select distinct k.place as found from json_each(?) j cross join name_key k on k.key = j.value)"
            " cross join doc d on d.place = found where true"
        )
        return self._first(source, [_json(sorted(keys))], " order by d.place", MOST_NAMES)

    def with_id(self, id: str) -> list[Candidate]:
        """The one with this id."""
        return self._first("doc d where d.id = ?", [id], "", 1) if "." in id else []

    def count(self) -> int:
        """How many are admitted, whatever their words."""
        if self._criteria.publisher is None:
            return self._shelves.count(self.admitted)
        further, values = self._conditions()
        statement = f"select count(*) from doc d where true{further}"  # noqa: S608 words of ours
        return int(self._db.execute(statement, values).fetchone()[0])

    def ordered(self, total: int, limit: int, after: tuple[float, str] | None) -> list[Candidate]:
        """The first in the order that is asked for.

        Args:
            total: how many are admitted.
            after: rank and id of the last one before.
        """
        order, walked = ORDERS[self._criteria.sort], _WALKED[self._criteria.sort]
        hint = f" indexed by {walked}" if self._criteria.publisher is None and total > _FEW else ""
        source, values = f"doc d{hint} where true", list[object]()
        if after is not None:
            source += f" and (d.{order} < ? or (d.{order} = ? and d.id > ?))"
            values = [after[0], *after]
        return self._first(source, values, f" order by d.{order} desc, d.id", limit)

    def facets(self) -> dict[str, dict[str, int]]:
        """How many plugins choosing each value would give, whatever their words."""
        return self._shelves.facets(self._criteria, self._tenant, staff=self._staff)

    def traits_of_publisher(self, limit: int) -> list[int]:
        """The traits of what the publisher has that is asked for, one for each plugin."""
        whose, values = _published_by(self._criteria)
        source = f"(select d.traits from doc d where true{whose} limit ?)"  # noqa: S608 words of ours
        return all_of(self._db, list[int], "traits", source, [*values, limit])

    def facets_of(self, matching: Mapping[int, int]) -> dict[str, dict[str, int]]:
        """The same of those that match something; how many of each traits."""
        return self._shelves.facets_of(matching, self.admitted)

    def _first(self, source: str, values: Sequence[object], order: str, limit: int) -> list[Candidate]:
        further, conditions = self._conditions()
        rows = f"(select {self._columns} as ordered_by from {source}{further}{order} limit ?)"  # noqa: S608 words of ours
        return all_of(self._db, list[Candidate], _ITEM, rows, [*values, *conditions, limit])

    def _conditions(self) -> tuple[str, list[object]]:
        """What is to be added to a statement over `doc d`, with its values."""
        further, values = _published_by(self._criteria)
        for condition, value in _filters(self._criteria, self.admitted):
            further += f" and {condition}"
            values += value
        return further, values


def whole_words(words: Sequence[Word]) -> str:
    """Asks for every word, in any form."""
    return " ".join(f'"{word.typed}"' for word in words) or '""'


def all_words(words: Sequence[Word]) -> str:
    """Asks for every word; for the last one also as the beginning of one, unless that would be very many."""
    last = words[-1].plugins if words else None
    beginning = "*" if last is not None and last < _FEW_PLUGINS else ""
    return whole_words(words) + beginning


def any_word(words: Sequence[Word]) -> str:
    """Asks for one of the words."""
    return " OR ".join(f'"{word.typed}"' for word in words)


def _filters(criteria: Criteria, admitted: Admitted) -> Iterator[tuple[str, Sequence[object]]]:
    """The conditions of the facets, of the AEI version, and of who may see what."""
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
    for column, ids in (("access", admitted.access), ("spans", admitted.spans)):
        if ids is not None:
            yield f"d.{column} in ({marks(ids)})", ids


def _json(values: Iterable[object]) -> str:
    return msgspec.json.encode(list(values)).decode()


def _published_by(criteria: Criteria) -> tuple[str, list[object]]:
    if criteria.publisher is None:
        return "", []
    name = criteria.publisher.lower()
    return " and (d.publisher = ? or d.namespace = ?)", [name, name]
