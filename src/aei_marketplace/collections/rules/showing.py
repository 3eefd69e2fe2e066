"""Which collections are shown: by their time, their week, and the flag of their rotation."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from aei_marketplace.collections.errors import CollectionUnfit
from aei_marketplace.collections.rules.content import Collection, Kind, State
from aei_marketplace.ground.errors import Fault

#: A rotation whose flag nobody has touched is on for everybody.
EVERYBODY = 100


@dataclass(frozen=True, slots=True)
class Rotation:
    """A group of collections of which one is shown each week.

    Attributes:
        percentage: of the tenants for which it rotates; for the others its first member stays.
        version: counts the changes of the flag; 0 when nobody has touched it.
    """

    name: str
    percentage: int = EVERYBODY
    version: int = 0

    @property
    def etag(self) -> str:
        """Changes with each change of the flag."""
        return f'"{self.name}-{self.version}"'


@dataclass(frozen=True, slots=True)
class Section:
    """A collection as a page shows it to one reader.

    Attributes:
        plugin_ids: in order, those alone that the reader sees and that are offered.
    """

    id: UUID
    slug: str
    kind: Kind
    title: str
    description: str
    plugin_ids: tuple[str, ...]

    def href(self, plugin_id: str) -> str:
        """The way to a plugin's listing on which the click is counted."""
        return f"/marketplace/c/{self.slug}/{plugin_id}"

    def first(self, count: int) -> "Section":
        """The section with so many plugins at most, for a page that shows no more."""
        return replace(self, plugin_ids=self.plugin_ids[:count])


def check_percentage(percentage: int) -> int:
    """A flag's value.

    Raises:
        CollectionUnfit: it is none.
    """
    if not 0 <= percentage <= EVERYBODY:
        raise CollectionUnfit("There is no such flag.", faults=[Fault("/percentage", "between 0 and 100")])
    return percentage


def week_number(moment: datetime) -> int:
    """How many whole weeks, from Monday to Sunday in UTC as ISO 8601 has them, lie before a moment.

    Counted through, unlike the weeks of a year: their number falls back to 1 after 52 or 53, and a
    rotation would show one member twice or leave one out.
    """
    # The first of January of the year 1, whose ordinal is 1, was a Monday.
    return (moment.astimezone(UTC).date().toordinal() - 1) // 7


def rotates_for(rotation: Rotation, tenant: UUID | None) -> bool:
    """Whether a rotation's flag is on for a reader; always the same for the same tenant.

    Who belongs to no tenant sees it once it is on for everybody. A tenant that was reached by a
    percentage stays reached by each larger one.
    """
    if rotation.percentage >= EVERYBODY:
        return True
    return tenant is not None and _bucket(rotation.name, tenant) < rotation.percentage


def is_open(collection: Collection, now: datetime) -> bool:
    """Whether a collection is published and now is within its time."""
    content = collection.content
    return (
        content.state is State.PUBLISHED
        and (content.shown_from is None or content.shown_from <= now)
        and (content.shown_until is None or now < content.shown_until)
    )


def shown_now(
    collections: Iterable[Collection], flags: Mapping[str, Rotation], tenant: UUID | None, now: datetime
) -> list[Collection]:
    """The collections that a reader is shown, in the page's order.

    Of each rotation it is the one whose turn it is, at the place of the rotation's highest member.
    """
    places: list[tuple[int, UUID, Collection]] = []
    groups: dict[str, list[Collection]] = defaultdict(list)
    for collection in collections:
        if not is_open(collection, now):
            continue
        if collection.content.rotation is None:
            places.append((collection.position, collection.id, collection))
        else:
            groups[collection.content.rotation].append(collection)
    for name, members in groups.items():
        first = min(members, key=_place)
        turn = _whose_turn(members, flags.get(name, Rotation(name)), tenant, now)
        places.append((first.position, first.id, turn))
    return [collection for _, _, collection in sorted(places, key=lambda place: place[:2])]


def _whose_turn(
    members: Iterable[Collection], rotation: Rotation, tenant: UUID | None, now: datetime
) -> Collection:
    ordered = sorted(members, key=lambda member: (member.content.slot or 0, *_place(member)))
    week = week_number(now) if rotates_for(rotation, tenant) else 0
    return ordered[week % len(ordered)]


def _place(collection: Collection) -> tuple[int, UUID]:
    return collection.position, collection.id


def _bucket(name: str, tenant: UUID) -> int:
    """0 to 99; another for each rotation, so that not always the same tenants come first."""
    digest = hashlib.sha256(f"{name}/{tenant}".encode()).digest()
    return int.from_bytes(digest[:8]) % EVERYBODY
