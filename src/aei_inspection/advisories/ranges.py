"""Whether a version lies in what an advisory says is affected (OSV schema 1.7, "Evaluation").

Events are sorted before use, for their order in the record says nothing. An event at which a range ends
and begins again changes nothing: there it goes on, or stays empty.
"""

from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from typing import Any, Literal

import msgspec

from aei_inspection.advisories.ecosystems import Ecosystem
from aei_inspection.advisories.orders import Position, VersionUnreadable, bound, canonical, position

EventKind = Literal["introduced", "fixed", "last_affected", "limit"]
#: Kind and version.
Event = tuple[EventKind, str]
#: `introduced` at the beginning of all versions; as a limit, `*` is their end.
BEGINNING, NO_LIMIT = "0", "*"


class Standing(StrEnum):
    """What is known of a version. Only `not_affected` is good news."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    UNKNOWN = "unknown"


class Extent(msgspec.Struct, frozen=True, array_like=True):
    """Which versions of one package an advisory affects.

    Attributes:
        ranges: each a set of events, in any order.
        versions: those named one by one, in canonical spelling.

    With neither, it is said in a way that versions cannot be held against (commits alone, or not at all), and
    no version is cleared by it.
    """

    ranges: tuple[tuple[Event, ...], ...] = ()
    versions: tuple[str, ...] = ()


def standing(ecosystem: Ecosystem, extent: Extent, version: str) -> Standing:
    """Whether a version is affected.

    A version that cannot be read is affected where it is named, and else unknown; so is every version that
    no readable range affects, if another range cannot be read.
    """
    if canonical(ecosystem, version) in extent.versions:
        return Standing.AFFECTED
    try:
        place = position(ecosystem, version)
    except VersionUnreadable:
        return Standing.UNKNOWN
    unknown = not extent.ranges and not extent.versions
    for events in extent.ranges:
        try:
            if _holds(ecosystem, events, place):
                return Standing.AFFECTED
        except VersionUnreadable:
            unknown = True
    return Standing.UNKNOWN if unknown else Standing.NOT_AFFECTED


def fixed_versions(ecosystem: Ecosystem, extent: Extent, version: str) -> tuple[str, ...]:
    """Versions after this one that are named as fixed and not affected otherwise, the lowest first."""
    named = {text.removesuffix("-0") for events in extent.ranges for kind, text in events if kind == "fixed"}
    later = sorted(_after(ecosystem, named, version), key=lambda each: each[0])
    return tuple(text for _, text in later if standing(ecosystem, extent, text) is Standing.NOT_AFFECTED)


def _after(ecosystem: Ecosystem, named: Iterable[str], version: str) -> list[tuple[Any, str]]:
    """Where the readable ones among these stand, if that is after a version; all where it cannot be read."""
    places: list[tuple[Any, str]] = []
    for text in named:
        with suppress(VersionUnreadable):
            places.append((position(ecosystem, text), text))
    try:
        here: Any = position(ecosystem, version)
    except VersionUnreadable:
        return places
    return [(place, text) for place, text in places if place > here]


def _holds(ecosystem: Ecosystem, events: tuple[Event, ...], place: Position) -> bool:
    """Whether a range holds a position.

    Raises:
        VersionUnreadable: one of its bounds cannot be read, or it begins nowhere.
    """
    if not any(kind == "introduced" for kind, _ in events):
        raise VersionUnreadable("a range that begins nowhere")
    if not _below_limits(ecosystem, events, place):
        return False
    open_from_start = any(kind == "introduced" and text == BEGINNING for kind, text in events)
    changes = [
        (bound(ecosystem, text), kind == "last_affected", kind == "introduced")
        for kind, text in events
        if kind != "limit" and not (kind == "introduced" and text == BEGINNING)
    ]
    return _state_at(place, changes, open_from_start)


def _state_at(place: Any, changes: list[tuple[Any, bool, bool]], affected: bool) -> bool:
    """Follow the changes up to a position.

    Args:
        changes: a version; whether the change happens only after it; whether the range begins there.
    """
    reached: dict[tuple[Any, bool], set[bool]] = {}
    for where, after, begins in changes:
        if where < place or (where == place and not after):
            reached.setdefault((where, after), set()).add(begins)
    for moment in sorted(reached):
        if len(reached[moment]) == 1:
            (affected,) = reached[moment]
    return affected


def _below_limits(ecosystem: Ecosystem, events: tuple[Event, ...], place: Any) -> bool:
    limits = [text for kind, text in events if kind == "limit"]
    return not limits or any(text == NO_LIMIT or place < bound(ecosystem, text) for text in limits)
