"""What may be asked of the search."""

import re
from dataclasses import dataclass
from enum import StrEnum

from aei_inspection.versions import parse_version
from aei_marketplace.ground.errors import Fault, Invalid
from aei_protocol.permissions import INTERFACE_OF

LONGEST_QUERY = 200
MOST_WORDS = 16
LARGEST_RANK = 2**62
#: Asks for plugins that request no permission at all.
NO_PERMISSION = "none"
PERMISSIONS = (*INTERFACE_OF, NO_PERMISSION)
KINDS = ("agent", "model", "tool", "scanner")
PRICES = ("free", "paid")


class Sort(StrEnum):
    """In which order plugins are found."""

    RELEVANCE = "relevance"
    INSTALLS = "installs"
    UPDATED = "updated"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Criteria:
    """A search, checked. None stands for "any"."""

    q: str | None = None
    category: str | None = None
    kind: str | None = None
    permission: str | None = None
    price: str | None = None
    publisher: str | None = None
    certified: bool | None = None
    compatible_with: str | None = None
    sort: Sort = Sort.RELEVANCE

    @property
    def words(self) -> tuple[str, ...]:
        """The query's words, in lower case, without anything that a search language would read."""
        return tuple(re.findall(r"\w+", (self.q or "").lower()))[:MOST_WORDS]


def check_criteria(criteria: Criteria) -> Criteria:
    """A search that can be answered.

    Raises:
        Invalid: with every parameter that cannot.
    """
    faults = [
        *_unknown("kind", criteria.kind, KINDS),
        *_unknown("permission", criteria.permission, PERMISSIONS),
        *_unknown("price", criteria.price, PRICES),
        *_overlong(criteria),
        *_not_a_version(criteria.compatible_with),
    ]
    if faults:
        raise Invalid("The search cannot be answered.", faults=faults)
    return criteria


def check_position(after: object) -> None:
    """Whether a cursor's position is one of a search: `[rank, id]`, or None at the start.

    Raises:
        Invalid: it is of another list.
    """
    match after:
        case None:
            return
        case [int(rank), str(plugin_id)] if not isinstance(rank, bool):
            if abs(rank) < LARGEST_RANK and plugin_id.isprintable():
                return
    fault = Fault("cursor", "send back `next_cursor` unchanged")
    raise Invalid("The cursor is of another list.", faults=[fault])


def _unknown(name: str, value: str | None, known: tuple[str, ...]) -> list[Fault]:
    return [] if value is None or value in known else [Fault(name, f"one of {', '.join(known)}")]


def _overlong(criteria: Criteria) -> list[Fault]:
    texts = {"q": criteria.q, "category": criteria.category, "publisher": criteria.publisher}
    return [
        Fault(name, f"at most {LONGEST_QUERY} characters, none of them a control character")
        for name, text in texts.items()
        if text is not None and (len(text) > LONGEST_QUERY or not text.isprintable())
    ]


def _not_a_version(version: str | None) -> list[Fault]:
    try:
        if version is not None:
            parse_version(version)
    except ValueError as error:
        return [Fault("compatible_with", f"a SemVer version such as 2.3.1: {error}"[:300])]
    return []
