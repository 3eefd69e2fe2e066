"""What somebody wants to find, as the address of the marketplace's page says it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aei_marketplace.catalog.rules.searching import NO_PERMISSION, Criteria, Sort
from aei_marketplace.ground.errors import Fault, Invalid

_T = TypeVar("_T")
#: What an address may say, in the order in which it says it.
PARAMETERS = (
    "q", "kind", "category", "permission", "price", "certified", "compatible_with", "publisher",
    "sort", "cursor",
)  # fmt: skip
#: Those that narrow what is found, each with its name on the page.
FILTERS = {
    "kind": "Kind",
    "category": "Category",
    "permission": "What it may touch",
    "price": "Price",
    "certified": "Certification",
    "compatible_with": "Compatibility",
    "publisher": "Publisher",
}
SORTS = {
    Sort.RELEVANCE: "Relevance",
    Sort.INSTALLS: "Most installed",
    Sort.UPDATED: "Recently updated",
    Sort.RATING: "Best rated",
}
#: Of what an address holds so much is repeated on a page that refuses it.
_LONGEST_REPEATED = 200
_VALUES = {
    ("permission", NO_PERMISSION): "No permissions",
    ("permission", "filesystem"): "Files of its own",
    ("certified", "true"): "Certified",
    ("certified", "false"): "Not certified",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """A search as the page's address holds it; None stands for "any".

    Attributes:
        cursor: where the list goes on; None at its start.
    """

    criteria: Criteria
    cursor: str | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is looked for yet."""
        return self.cursor is None and replace(self.criteria, sort=Sort.RELEVANCE) == Criteria()

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, each with its value."""
        values = {name: getattr(self.criteria, name) for name in FILTERS}
        return {name: _text(value) for name, value in values.items() if value is not None}

    def without(self, filter: str) -> Criteria:
        """The criteria without one of the filters."""
        nothing: dict[str, Any] = {filter: None}
        return replace(self.criteria, **nothing)


def read_wish(query: Mapping[str, str]) -> Wish:
    """A wish from an address; a parameter without a value is as good as none.

    Raises:
        Invalid: the order or the certification has a value that there is not.
    """
    given = {name: value.strip() for name in PARAMETERS if (value := query.get(name, "")).strip()}
    criteria = Criteria(
        q=given.get("q"),
        category=given.get("category"),
        kind=given.get("kind"),
        permission=given.get("permission"),
        price=given.get("price"),
        publisher=given.get("publisher"),
        certified=_one_of("certified", given.get("certified"), {"true": True, "false": False}),
        compatible_with=given.get("compatible_with"),
        sort=_one_of("sort", given.get("sort"), {str(sort): sort for sort in Sort}) or Sort.RELEVANCE,
    )
    return Wish(criteria, given.get("cursor"))


def repeated(query: Mapping[str, str]) -> str:
    """The words that were looked for, as far as a page that refuses them repeats them."""
    return query.get("q", "").strip()[:_LONGEST_REPEATED]


def label_of(filter: str, value: str) -> str:
    """A filter's value as people read it: `Agent`, `No permissions`, `Works with AEI 2.3.1`."""
    if filter == "compatible_with":
        return f"Works with AEI {value}"
    if filter == "publisher":
        return f"By {value}"
    return _VALUES.get((filter, value)) or value.replace("_", " ").capitalize()


def _one_of(name: str, value: str | None, known: Mapping[str, _T]) -> _T | None:
    if value is None or value in known:
        return None if value is None else known[value]
    raise Invalid("The search cannot be answered.", faults=[Fault(name, f"one of {', '.join(known)}")])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
