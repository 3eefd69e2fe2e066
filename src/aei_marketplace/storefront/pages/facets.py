"""The filters beside the cards: each value with how many plugins it would leave."""

from collections.abc import Mapping
from dataclasses import dataclass

from aei_marketplace.storefront.rules.wishes import FILTERS, Wish, label_of
from aei_marketplace.web.shell.addresses import Address

Facets = Mapping[str, Mapping[str, int]]
#: So many values of a filter are in sight, the most frequent ones.
IN_SIGHT = 8
_COUNTED = ("kind", "category", "permission", "price", "certified")


@dataclass(frozen=True, slots=True)
class Way:
    """A link to what is found with one thing changed.

    Attributes:
        key: what it changes, as the address calls it.
        count: how many plugins there are; None where nobody counts.
        chosen: whether it is what the page shows.
    """

    label: str
    href: str
    key: str
    count: int | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FilterGroup:
    """One filter with its values: those in sight, and the rest."""

    name: str
    label: str
    ways: tuple[Way, ...]
    more: tuple[Way, ...] = ()


def groups_of(facets: Facets, wish: Wish, address: Address, aei_version: str) -> tuple[FilterGroup, ...]:
    """The filters that tell anything apart, in their order.

    Args:
        facets: filter → value → how many plugins choosing it gives.
    """
    groups = [_group(name, facets.get(name, {}), wish, address) for name in _COUNTED]
    telling = [group for group in groups if _tells(group, wish)]
    return (*telling, _compatibility(wish, address, aei_version))


def _group(name: str, counts: Mapping[str, int], wish: Wish, address: Address) -> FilterGroup:
    chosen = wish.chosen.get(name)
    values = {**({chosen: 0} if chosen is not None else {}), **counts}
    ordered = sorted(values, key=lambda value: (value != chosen, -values[value], value))
    ways = [
        Way(
            label_of(name, value),
            address.but(**{name: None if value == chosen else value, "cursor": None}),
            f"{name}-{value}",
            values[value],
            chosen=value == chosen,
        )
        for value in ordered
    ]
    return FilterGroup(name, FILTERS[name], tuple(ways[:IN_SIGHT]), tuple(ways[IN_SIGHT:]))


def _tells(group: FilterGroup, wish: Wish) -> bool:
    """A filter with one value for all divides nothing; certification is shown once anything is certified."""
    if group.name in wish.chosen:
        return True
    if group.name == "certified":
        return any(way.key == "certified-true" for way in group.ways)
    return len(group.ways) > 1


def _compatibility(wish: Wish, address: Address, aei_version: str) -> FilterGroup:
    wanted = wish.criteria.compatible_with
    versions = dict.fromkeys([aei_version, *([wanted] if wanted else [])])
    ways = tuple(
        Way(
            label_of("compatible_with", version),
            address.but(compatible_with=None if version == wanted else version, cursor=None),
            f"compatible_with-{version}",
            chosen=version == wanted,
        )
        for version in versions
    )
    return FilterGroup("compatible_with", FILTERS["compatible_with"], ways)
