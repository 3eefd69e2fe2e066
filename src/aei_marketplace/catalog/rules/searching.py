"""What may be asked of the search."""

import re
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from aei_inspection.versions import parse_version
from aei_marketplace.catalog.rules.versions import precedence_key, prerelease_core
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.paging import as_text
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


class Traits(msgspec.Struct, frozen=True):
    """All that a plugin can be filtered by.

    Attributes:
        access: who may see it, as the index numbers it.
        spans: AEI versions that it supports, as `lower|upper|cores…` (precedence keys).
    """

    access: int
    kind: str
    price: str
    categories: tuple[str, ...]
    permissions: tuple[str, ...]
    certified: bool
    spans: tuple[str, ...]

    def values(self, facet: str) -> tuple[str, ...]:
        """What counts for it in a facet."""
        match facet:
            case "category":
                return self.categories
            case "permission":
                return self.permissions or (NO_PERMISSION,)
            case "certified":
                return ("true",) if self.certified else ("false",)
            case _:
                return (getattr(self, facet),)


#: Between the parts of a span; stands in no precedence key.
SPAN_PARTS = "|"
FACETS = ("category", "kind", "permission", "price", "certified")


def wanted(criteria: Criteria) -> dict[str, str]:
    """The facets that a search has a condition for, each with the value that it wants."""
    values = {
        "category": criteria.category,
        "kind": criteria.kind,
        "permission": criteria.permission,
        "price": criteria.price,
        "certified": None if criteria.certified is None else str(criteria.certified).lower(),
    }
    return {facet: value for facet, value in values.items() if value is not None}


def supports(spans: tuple[str, ...], aei_version: str) -> bool:
    """Whether one of the spans holds a version; a pre-release only where its core is named (npm's rule)."""
    key, core = precedence_key(aei_version), prerelease_core(aei_version)
    for span in spans:
        lower, upper, *cores = span.split(SPAN_PARTS)
        if lower <= key < upper and (core is None or core in cores):
            return True
    return False


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


def as_rank_and_id(said: object) -> tuple[float, str]:
    """A cursor's position in a search: rank and id of the last plugin.

    Raises:
        ValueError: it is none.
    """
    match said:
        case [int(rank) | float(rank), id] if not isinstance(rank, bool):
            if abs(rank) < LARGEST_RANK:
                return float(rank), as_text(id)
    raise ValueError("not a rank and an id")


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
