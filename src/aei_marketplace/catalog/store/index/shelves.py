"""Plugins by all that they can be filtered by: what a search admits, how many of each sort there are."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from aei_marketplace.catalog.rules.searching import FACETS, Criteria, Traits, supports, unmet

_MOST_KEPT = 256
_traits = msgspec.json.Decoder(Traits)
_texts = msgspec.json.Decoder(tuple[str, ...])
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a search admits for who asks.

    Attributes:
        access: which audiences they belong to; None where everything is for everybody.
        spans: which sets of AEI versions hold the wanted one; None when none is wanted.
        wholly: traits that meet every condition.
        but_one: traits that meet all but the condition of one facet, with that facet.
    """

    access: tuple[int, ...] | None
    spans: tuple[int, ...] | None
    wholly: frozenset[int]
    but_one: Mapping[int, str]


class Shelves:
    """What one connection knows of the traits that occur: few even where plugins are very many.

    Args:
        connection: to the index.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._seen = -1
        self._traits: dict[int, Traits] = {}
        self._plugins: dict[int, int] = {}
        self._audiences: dict[int, tuple[str, ...]] = {}
        self._spans: dict[int, tuple[str, ...]] = {}
        self._admitted: dict[tuple[object, ...], Admitted] = {}
        self._counted: dict[tuple[object, ...], dict[str, dict[str, int]]] = {}

    @property
    def plugins(self) -> int:
        """How many there are in all."""
        return sum(self._plugins.values())

    def refresh(self) -> None:
        """Take note of what another connection has written."""
        version = self._db.execute("pragma data_version").fetchone()[0]
        if version == self._seen:
            return
        self._seen = version
        self._plugins = dict(self._db.execute("select id, plugins from traits"))
        self._counted.clear()
        if len(self._plugins) != len(self._traits):
            self._read_new()

    def admitted(self, criteria: Criteria, tenant: str | None, *, staff: bool) -> Admitted:
        """What a search admits for a tenant's member, for staff, or for anybody."""
        key = _key(criteria, tenant, staff=staff)
        if key not in self._admitted:
            _make_room(self._admitted)
            self._admitted[key] = self._admit(criteria, tenant, staff=staff)
        return self._admitted[key]

    def count(self, admitted: Admitted) -> int:
        """How many plugins meet every condition."""
        return sum(self._plugins[id] for id in admitted.wholly)

    def facets(self, criteria: Criteria, tenant: str | None, *, staff: bool) -> dict[str, dict[str, int]]:
        """How many of all plugins choosing each value would give."""
        key = _key(criteria, tenant, staff=staff)
        if key not in self._counted:
            _make_room(self._counted)
            self._counted[key] = self.facets_of(self._plugins, self.admitted(criteria, tenant, staff=staff))
        return self._counted[key]

    def facets_of(self, matching: Mapping[int, int], admitted: Admitted) -> dict[str, dict[str, int]]:
        """The same of those that match something.

        Args:
            matching: how many plugins there are of each traits.
        """
        counts: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
        for id, many in matching.items():
            if not many:
                continue
            wholly, one = id in admitted.wholly, admitted.but_one.get(id)
            for facet in FACETS if wholly else (one,) if one else ():
                for value in self._traits[id].values(facet):
                    counts[facet][value] = counts[facet].get(value, 0) + many
        return {facet: dict(sorted(counted.items())) for facet, counted in counts.items()}

    def _admit(self, criteria: Criteria, tenant: str | None, *, staff: bool) -> Admitted:
        access = {0} | {id for id, audience in self._audiences.items() if staff or tenant in audience}
        wholly, but_one = set(), {}
        for id, traits in self._traits.items():
            missing = unmet(traits, criteria) if traits.access in access else None
            if missing == ():
                wholly.add(id)
            elif missing is not None and len(missing) == 1:
                but_one[id] = missing[0]
        wanted = criteria.compatible_with
        return Admitted(
            access=None if len(access) == len(self._audiences) else tuple(access),
            spans=None
            if wanted is None
            else tuple(id for id, spans in self._spans.items() if supports(spans, wanted)),
            wholly=frozenset(wholly),
            but_one=but_one,
        )

    def _read_new(self) -> None:
        for id, document in self._db.execute("select id, document from traits"):
            if id not in self._traits:
                self._traits[id] = _traits.decode(document)
        self._audiences = {id: _texts.decode(d) for id, d in self._db.execute("select * from access")}
        self._spans = {id: _texts.decode(d) for id, d in self._db.execute("select * from spans")}
        self._admitted.clear()


def _key(criteria: Criteria, tenant: str | None, *, staff: bool) -> tuple[object, ...]:
    return (
        criteria.category, criteria.kind, criteria.permission, criteria.price, criteria.certified,
        criteria.compatible_with, tenant, staff,
    )  # fmt: skip


def _make_room(kept: dict[tuple[object, ...], _T]) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
