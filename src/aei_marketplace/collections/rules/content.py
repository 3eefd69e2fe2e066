"""What a curator decides of a collection, and what of it can be kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from aei_marketplace.collections.errors import CollectionConflict, CollectionUnfit
from aei_marketplace.ground.clock import rfc3339
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.typed import clean_typed
from aei_protocol.identifiers import NAMESPACE, PluginId

LONGEST_TITLE, LONGEST_DESCRIPTION = 80, 500
MOST_PLUGINS, MOST_COLLECTIONS, MOST_SLOTS = 50, 100, 53
#: The rotation that every collection of staff picks belongs to.
STAFF_PICKS_ROTATION = "staff-picks"
_ROTATION_NAME = "lower-case letters, digits and hyphens, at most 39, a letter first"
_LOWEST_YEAR, _HIGHEST_YEAR = 2000, 2200


class State(StrEnum):
    """Where a collection stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Kind(StrEnum):
    """What sort of collection: staff picks take turns by the week."""

    CURATED = "curated"
    STAFF_PICKS = "staff_picks"


_MOVES = {
    State.DRAFT: frozenset({State.PUBLISHED, State.ARCHIVED}),
    State.PUBLISHED: frozenset({State.DRAFT, State.ARCHIVED}),
    State.ARCHIVED: frozenset({State.DRAFT}),
}


@dataclass(frozen=True, slots=True)
class Content:
    """All that a change can change, and that undo brings back.

    Attributes:
        plugin_ids: in the order in which they are shown.
        shown_from, shown_until: within which time it is shown; None leaves that end open.
        rotation: the group of collections that take turns; None when it is shown every week.
        slot: its place in that group, from 1.
    """

    title: str
    description: str = ""
    plugin_ids: tuple[str, ...] = ()
    state: State = State.DRAFT
    shown_from: datetime | None = None
    shown_until: datetime | None = None
    rotation: str | None = None
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection.

    Attributes:
        slug: its name in addresses; never changes.
        position: where it stands on the page, the smallest first.
        version: counts its changes, but not moves on the page.
    """

    id: UUID
    slug: str
    kind: Kind
    content: Content
    position: int
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def etag(self) -> str:
        """Changes with each change of the content."""
        return f'"{self.id.hex[-12:]}-{self.version}"'


Edit = Callable[[Content], Content]


def check_content(wanted: Content, kind: Kind) -> Content:
    """What can be kept of a wanted content, with its texts in one spelling.

    Raises:
        CollectionUnfit: with everything that is wrong.
    """
    if kind is Kind.STAFF_PICKS and wanted.rotation is None:
        wanted = replace(wanted, rotation=STAFF_PICKS_ROTATION)
    if wanted.rotation is not None and wanted.slot is None:
        wanted = replace(wanted, slot=1)
    faults: list[Fault] = []
    title = _text(wanted.title, LONGEST_TITLE, "/title", faults)
    description = _text(wanted.description, LONGEST_DESCRIPTION, "/description", faults, optional=True)
    faults += [*_plugin_faults(wanted), *_time_faults(wanted), *_rotation_faults(wanted, kind)]
    if faults:
        raise CollectionUnfit("The collection has problems.", faults=faults)
    return replace(wanted, title=" ".join(title.split()), description=description)


def check_move(before: State, after: State) -> None:
    """Whether a collection may go from one state to another.

    Raises:
        CollectionConflict: it may not.
    """
    if after is not before and after not in _MOVES[before]:
        raise CollectionConflict(f"A collection that is {before} cannot become {after}.")


def check_known(wanted: Iterable[str], known: Iterable[str]) -> None:
    """Whether all plugins exist.

    Raises:
        CollectionUnfit: some do not.
    """
    there = frozenset(known)
    faults = [
        Fault(f"/plugins/{place}", f"there is no plugin {plugin_id}", "unknown")
        for place, plugin_id in enumerate(wanted)
        if plugin_id not in there
    ]
    if faults:
        raise CollectionUnfit("Not all of these plugins exist.", faults=faults)


def check_rotation(name: str) -> str:
    """A rotation's name.

    Raises:
        CollectionUnfit: it is not spelled like one.
    """
    if not NAMESPACE.fullmatch(name):
        raise CollectionUnfit("There can be no such rotation.", faults=[Fault("/rotation", _ROTATION_NAME)])
    return name


def changed_fields(before: Content, after: Content) -> list[str]:
    """The names of what a change changed, as the audit log says them."""
    return [name for name in Content.__dataclass_fields__ if getattr(before, name) != getattr(after, name)]


def kept_form(content: Content) -> dict[str, Any]:
    """A content as JSON values."""
    times = {"shown_from": content.shown_from, "shown_until": content.shown_until}
    return {
        "title": content.title,
        "description": content.description,
        "plugin_ids": list(content.plugin_ids),
        "state": str(content.state),
        "rotation": content.rotation,
        "slot": content.slot,
        **{name: rfc3339(moment) if moment else None for name, moment in times.items()},
    }


def read_kept_form(kept: dict[str, Any]) -> Content:
    """The content that `kept_form` was made of."""
    times = {
        name: datetime.fromisoformat(kept[name]) if kept[name] else None
        for name in ("shown_from", "shown_until")
    }
    return Content(
        **{
            **kept,
            **times,
            "plugin_ids": tuple(kept["plugin_ids"]),
            "state": State(kept["state"]),
        }
    )


def _text(text: str, longest: int, pointer: str, faults: list[Fault], *, optional: bool = False) -> str:
    if optional and not text.strip():
        return ""
    try:
        return clean_typed(text, longest, pointer)
    except Invalid as refusal:
        faults += refusal.faults
        return text


def _plugin_faults(wanted: Content) -> Iterable[Fault]:
    ids = wanted.plugin_ids
    if len(ids) > MOST_PLUGINS:
        yield Fault("/plugins", f"at most {MOST_PLUGINS}")
        return
    if wanted.state is State.PUBLISHED and not ids:
        yield Fault("/plugins", "a published collection holds at least one plugin", "empty")
    for place, plugin_id in enumerate(ids):
        try:
            PluginId.parse(plugin_id)
        except ValueError:
            yield Fault(f"/plugins/{place}", "not spelled like a plugin's id")
        else:
            if plugin_id in ids[:place]:
                yield Fault(f"/plugins/{place}", f"{plugin_id} stands here twice", "duplicate")


def _time_faults(wanted: Content) -> Iterable[Fault]:
    ends = {"/from": wanted.shown_from, "/until": wanted.shown_until}
    for pointer, moment in ends.items():
        if moment is not None and moment.tzinfo is None:
            yield Fault(pointer, "says no zone; write UTC as 2026-11-22T17:45:00Z")
            return
        if moment is not None and not _LOWEST_YEAR <= moment.year < _HIGHEST_YEAR:
            yield Fault(pointer, f"between the years {_LOWEST_YEAR} and {_HIGHEST_YEAR}")
            return
    if wanted.shown_from and wanted.shown_until and wanted.shown_until <= wanted.shown_from:
        yield Fault("/until", "later than the time from which it is shown")


def _rotation_faults(wanted: Content, kind: Kind) -> Iterable[Fault]:
    if wanted.rotation is None:
        if wanted.slot is not None:
            yield Fault("/slot", "only with a rotation")
        return
    if not NAMESPACE.fullmatch(wanted.rotation):
        yield Fault("/rotation", _ROTATION_NAME)
    elif (kind is Kind.STAFF_PICKS) != (wanted.rotation == STAFF_PICKS_ROTATION):
        yield Fault("/rotation", f"{STAFF_PICKS_ROTATION} is the rotation of staff picks, and theirs alone")
    if wanted.slot is not None and not 1 <= wanted.slot <= MOST_SLOTS:
        yield Fault("/slot", f"between 1 and {MOST_SLOTS}")
