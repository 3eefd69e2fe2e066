"""A part of a list."""

from typing import Generic, TypedDict, TypeVar

Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """A part of a list; `next_cursor` asks for the next, None at the end."""

    items: list[Item]
    next_cursor: str | None
    total: int
