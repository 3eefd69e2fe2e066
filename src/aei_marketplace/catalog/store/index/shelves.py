"""Plugins by all that they can be filtered by: what a search admits, how many of each sort there are."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from aei_marketplace.catalog.rules.searching import FACETS, Criteria, Traits, supports, wanted
from aei_marketplace.catalog.store.index.looking import all_of

_MOST_KEPT = 256
_K = TypeVar("_K")
_T = TypeVar("_T")
_Ids = frozenset[int]
_TEXTS = list[tuple[int, tuple[str, ...]]]


class _Kept(msgspec.Struct, array_like=True):
    """A row of the table `traits`."""

    id: int
    plugins: int
    traits: Traits


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a search admits for who asks.

    Attributes:
        access: which audiences they belong to; None where everything is for everybody.
        spans: which sets of AEI versions hold the wanted one; None when none is wanted.
        wholly: traits that meet every condition.
        but_one: facet → traits that meet every condition but that of this facet.
    """

    access: tuple[int, ...] | None
    spans: tuple[int, ...] | None
    wholly: _Ids
    but_one: Mapping[str, _Ids]


class Shelves:
    """What one connection knows of the traits that occur: few even where plugins are very many.

    Args:
        connection: to the index.

    Attributes:
        plugins: how many there are in all.
        most: installations of the most installed plugin.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._seen = -1
        self.plugins = self.most = 0
        self._counts: dict[int, int] = {}
        self._audiences: dict[int, tuple[str, ...]] = {}
        self._spans: dict[int, tuple[str, ...]] = {}
        self._having: dict[tuple[str, str], _Ids] = {}
        self._seen_by: dict[int, _Ids] = {}
        self._supporting: dict[tuple[str, ...], _Ids] = {}
        # Facet values are numbered: counting numbers is what a search does most.
        self._labels: list[tuple[str, str]] = []
        self._values: dict[int, tuple[int, ...]] = {}
        self._admitted: dict[tuple[object, ...], Admitted] = {}
        self._counted: dict[tuple[object, ...], dict[str, dict[str, int]]] = {}

    def refresh(self) -> bool:
        """Take note of what another connection has written; whether it has."""
        version = self._db.execute("pragma data_version").fetchone()[0]
        if version == self._seen:
            return False
        self._seen = version
        kept = all_of(self._db, list[_Kept], "json_array(id, plugins, json(document))", "traits")
        self._counts = {row.id: row.plugins for row in kept}
        self.plugins = sum(self._counts.values())
        self.most = self._db.execute("select coalesce(max(installs), 0) from doc").fetchone()[0]
        self._counted.clear()
        if len(kept) != len(self._values):
            self._shelve({row.id: row.traits for row in kept})
        return True

    def admitted(self, criteria: Criteria, tenant: str | None, *, staff: bool) -> Admitted:
        """What a search admits for a tenant's member, for staff, or for anybody."""
        key = _key(criteria, tenant, staff=staff)
        if key not in self._admitted:
            _make_room(self._admitted)
            self._admitted[key] = self._admit(criteria, tenant, staff=staff)
        return self._admitted[key]

    def count(self, admitted: Admitted) -> int:
        """How many plugins meet every condition."""
        return sum(self._counts[id] for id in admitted.wholly)

    def facets(self, criteria: Criteria, tenant: str | None, *, staff: bool) -> dict[str, dict[str, int]]:
        """How many of all plugins choosing each value would give."""
        key = _key(criteria, tenant, staff=staff)
        if key not in self._counted:
            _make_room(self._counted)
            self._counted[key] = self.facets_of(self._counts, self.admitted(criteria, tenant, staff=staff))
        return self._counted[key]

    def facets_of(self, matching: Mapping[int, int], admitted: Admitted) -> dict[str, dict[str, int]]:
        """The same of those that match something.

        Args:
            matching: how many plugins there are of each traits.
        """
        counts = [0] * len(self._labels)
        for id in admitted.wholly.intersection(matching):
            many = matching[id]
            for value in self._values[id]:
                counts[value] += many
        for facet, ids in admitted.but_one.items():
            for id in ids.intersection(matching):
                for value in self._values[id]:
                    if self._labels[value][0] == facet:
                        counts[value] += matching[id]
        return self._labelled(counts)

    def _labelled(self, counts: Iterable[int]) -> dict[str, dict[str, int]]:
        facets: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
        for (facet, value), count in zip(self._labels, counts, strict=True):
            if count:
                facets[facet][value] = count
        return facets

    def _admit(self, criteria: Criteria, tenant: str | None, *, staff: bool) -> Admitted:
        access = {0} | {id for id, audience in self._audiences.items() if staff or tenant in audience}
        visible = _union(self._seen_by.get(id, _Ids()) for id in access)
        spans, version = None, criteria.compatible_with
        if version is not None:
            spans = tuple(id for id, held in self._spans.items() if supports(held, version))
            visible &= _union(self._supporting.get(self._spans[id], _Ids()) for id in spans)
        chosen = wanted(criteria)
        meeting = {facet: self._having.get((facet, value), _Ids()) for facet, value in chosen.items()}
        wholly = visible.intersection(*meeting.values())
        return Admitted(
            access=None if len(access) == len(self._audiences) else tuple(access),
            spans=spans,
            wholly=wholly,
            but_one={
                facet: visible.intersection(*(ids for f, ids in meeting.items() if f != facet)) - wholly
                for facet in meeting
            },
        )

    def _shelve(self, known: Mapping[int, Traits]) -> None:
        """Sort traits by each of their values."""
        self._audiences = dict(all_of(self._db, _TEXTS, "json_array(id, json(document))", "access"))
        self._spans = dict(all_of(self._db, _TEXTS, "json_array(id, json(document))", "spans"))
        having, seen_by, supporting = defaultdict(set), defaultdict(set), defaultdict(set)
        for id, traits in known.items():
            seen_by[traits.access].add(id)
            supporting[traits.spans].add(id)
            for facet in FACETS:
                for value in traits.values(facet):
                    having[facet, value].add(id)
        self._seen_by, self._supporting, self._having = _frozen(seen_by), _frozen(supporting), _frozen(having)
        self._labels = sorted(having)
        numbers = {label: number for number, label in enumerate(self._labels)}
        self._values = {
            id: tuple(numbers[facet, value] for facet in FACETS for value in traits.values(facet))
            for id, traits in known.items()
        }
        self._admitted.clear()


def _frozen(sets: Mapping[_K, set[int]]) -> dict[_K, _Ids]:
    return {key: frozenset(ids) for key, ids in sets.items()}


def _union(sets: Iterable[_Ids]) -> _Ids:
    return _Ids().union(*sets)


def _key(criteria: Criteria, tenant: str | None, *, staff: bool) -> tuple[object, ...]:
    return (
        criteria.category, criteria.kind, criteria.permission, criteria.price, criteria.certified,
        criteria.compatible_with, tenant, staff,
    )  # fmt: skip


def _make_room(kept: dict[tuple[object, ...], _T]) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
