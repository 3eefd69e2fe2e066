"""Which of a tenant's installations a list shows."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, TypeVar


class Show(StrEnum):
    """What a list of installations is narrowed to."""

    ALL = "all"
    UPDATES = "updates"
    OFF = "off"
    PINNED = "pinned"
    ATTENTION = "attention"


class Listed(Protocol):
    """What the choice looks at.

    Attributes:
        words: what a search looks through, lower case.
        shows: everything that the installation is listed under, `ALL` included.
    """

    @property
    def words(self) -> str: ...

    @property
    def shows(self) -> frozenset[Show]: ...


L = TypeVar("L", bound=Listed)


def tallied(installations: Sequence[Listed]) -> dict[Show, int]:
    """How many installations there are under each heading."""
    return {show: sum(show in each.shows for each in installations) for show in Show}


def chosen(installations: Sequence[L], query: str, show: Show) -> list[L]:
    """Those under a heading that hold every word of a query, in their order."""
    words = query.casefold().split()
    return [
        each for each in installations if show in each.shows and all(word in each.words for word in words)
    ]
