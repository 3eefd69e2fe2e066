"""How much work a JSON Schema can make of one value, known before the work is done.

A validator in native code can't be interrupted, and forty definitions that each refer to the next one
twice are 2^40 evaluations. So the work is bounded from above first: subschemas on the same value add
up, those on different members exclude each other, and each level of the value is counted by itself.
A unit is about ten nanoseconds.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from aei_inspection.schema_graph import Graph, Schema
from aei_inspection.strict_json import children

_REPEATED = re.compile(r"\{(\d{1,6})?(?:,(\d{1,6})?)?\}")
_COMPARING = ("enum", "const", "required", "properties", "patternProperties", "dependentRequired")
#: Units for hashing or comparing one value.
_COMPARISON = 100
#: States of the largest automaton that the engine's size limit lets a pattern become.
_MOST_STATES = 65_536
#: Where counting ends; every budget is far below.
_CEILING = 10**15


class EndlessSchema(ValueError):
    """A schema that applies to the same value again and again."""


@dataclass
class Cost:
    """The bounds of one schema; they are counted level by level and kept."""

    graph: Graph
    _order: list[Schema] = field(init=False)
    _evaluations: "_Levels" = field(init=False)
    _matches: "_Levels" = field(init=False)
    _comparisons: "_Levels" = field(init=False)

    def __post_init__(self) -> None:
        self._order = _innermost_first(self.graph)
        self._evaluations = _Levels(self.graph, self._order, _own_evaluations)
        self._matches = _Levels(self.graph, self._order, _own_matches)
        self._comparisons = _Levels(self.graph, self._order, _own_comparisons)

    def of(self, value: Any) -> int:
        """Units that checking `value` can take at most."""
        levels = _levels(value)
        below = sum(values for values, _ in levels)
        total = 0
        for level, (values, characters) in enumerate(levels):
            total += values * self._evaluations.at(level) + characters * self._matches.at(level)
            total += below * self._comparisons.at(level)
            below -= values
        return min(total, _CEILING)


class _Levels:
    """For each level below a value, the most that its schema can apply to any one value there."""

    def __init__(self, graph: Graph, order: list[Schema], own: Callable[[Schema], int]) -> None:
        self._graph = graph
        self._order = order
        self._own = {id(schema): own(schema) for schema in order}
        self._counted: list[dict[int, int]] = []
        # A compiled schema is shared by threads, and each level is counted from the one before.
        self._counting = Lock()

    def at(self, level: int) -> int:
        with self._counting:
            while len(self._counted) <= level:
                self._counted.append(self._next())
        return self._counted[level][id(self._graph.root)]

    def _next(self) -> dict[int, int]:
        counted: dict[int, int] = {}
        for schema in self._order:
            here = self._below(schema) if self._counted else self._own[id(schema)]
            here += sum(counted[id(each)] for each in self._graph.same(schema))
            counted[id(schema)] = min(here, _CEILING)
        return counted

    def _below(self, schema: Schema) -> int:
        previous = self._counted[-1]
        return max(
            max((previous[id(each)] for each in members.either), default=0)
            + sum(previous[id(each)] for each in members.always)
            for members in self._graph.members(schema)
        )


def _innermost_first(graph: Graph) -> list[Schema]:
    """The schemas in an order in which each follows all that apply to the same value.

    Raises:
        EndlessSchema: there is no such order.
    """
    order: list[Schema] = []
    done: set[int] = set()
    entered: set[int] = set()
    waiting = [(schema, False) for schema in graph.reachable()]
    while waiting:
        schema, leaving = waiting.pop()
        if leaving:
            entered.discard(id(schema))
            if id(schema) not in done:
                done.add(id(schema))
                order.append(schema)
            continue
        if id(schema) in done:
            continue
        if id(schema) in entered:
            raise EndlessSchema("a reference leads back to its own schema without going into a member")
        entered.add(id(schema))
        waiting.append((schema, True))
        waiting.extend((each, False) for each in graph.same(schema) if id(each) not in done)
    return order


def _own_evaluations(schema: Schema) -> int:
    """The keywords themselves, and what some of them compare with."""
    return 1 + len(schema) + sum(_values(schema[key]) for key in _COMPARING if key in schema)


def _values(value: Any) -> int:
    return 1 + sum(_values(each) for each in children(value))


def _own_matches(schema: Schema) -> int:
    """States that one character can pass through in the schema's patterns."""
    named = schema.get("patternProperties")
    patterns = [*(named if isinstance(named, dict) else ()), schema.get("pattern")]
    return 1 + sum(_states(each) for each in patterns if isinstance(each, str))


def _own_comparisons(schema: Schema) -> int:
    """What comparing a value whole costs for each value inside it."""
    fixed = [*children(schema.get("enum")), schema.get("const")]
    composite = any(isinstance(each, dict | list) for each in fixed)
    return _COMPARISON * ((schema.get("uniqueItems") is True) + composite)


def _states(pattern: str) -> int:
    """At most how many states a match can be in: a repeated group repeats whatever stands before it."""
    states = len(pattern)
    for repeated in _REPEATED.finditer(pattern):
        times = max(1, *(int(number or 0) for number in repeated.groups()))
        group = pattern[repeated.start() - 1 : repeated.start()] == ")"
        states = min(_MOST_STATES, states * times if group else states + times)
    return states


def _levels(value: Any) -> list[tuple[int, int]]:
    """For each level of a value: how many values and how many characters stand there.

    Keys count on the level of their object and on the next, where `propertyNames` applies to them.
    """
    found = []
    level = [value]
    keys_above = 0
    while level:
        keys = sum(len(key) for each in level if isinstance(each, dict) for key in each)
        texts = sum(len(each) for each in level if isinstance(each, str))
        found.append((len(level), texts + keys + keys_above))
        level = [child for each in level for child in children(each)]
        keys_above = keys
    return found
