"""Lists in pages, with cursors that callers cannot read anything into."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from aei_marketplace.ground.errors import Fault, Invalid
from aei_protocol.identifiers import PluginId

DEFAULT_LIMIT, LARGEST_LIMIT = 50, 200
_UNCHANGED = Fault("cursor", "send back `next_cursor` unchanged")

Position = TypeVar("Position")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        items: at most `limit` values.
        next_cursor: what to send for the next page; None at the end.
        total: how many there are in all.
    """

    items: Sequence[Any]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class PageWanted:
    """Which page the caller asks for; `after` is the decoded cursor, None at the start."""

    limit: int = DEFAULT_LIMIT
    after: Any = None

    @classmethod
    def read(cls, limit: int | None, cursor: str | None) -> "PageWanted":
        """Check what a caller sent.

        Raises:
            Invalid: the limit is out of range or the cursor was not made here.
        """
        wanted = DEFAULT_LIMIT if limit is None else limit
        if not 1 <= wanted <= LARGEST_LIMIT:
            raise Invalid("limit is out of range", faults=[Fault("limit", f"between 1 and {LARGEST_LIMIT}")])
        return cls(wanted, None if cursor is None else decode_cursor(cursor))

    def position(self, read: Callable[[Any], Position]) -> Position | None:
        """Behind what the page begins; None at the start.

        Args:
            read: makes it of what the cursor says: `as_id`, or whatever raises `ValueError`, `OverflowError`
                or `Invalid` where it says something else.

        Raises:
            Invalid: the cursor is of another list.
        """
        if self.after is None:
            return None
        try:
            return read(self.after)
        except (ValueError, OverflowError, Invalid) as error:
            raise Invalid("The cursor is of another list.", faults=[_UNCHANGED]) from error

    def page(self, rows: Sequence[Any], total: int, position: Any) -> Page:
        """Cut `limit + 1` fetched rows to a page.

        Args:
            rows: what the store found, one more than `limit` if there is a next page.
            position: a function from a row to what its cursor says.
        """
        more = len(rows) > self.limit
        items = rows[: self.limit]
        return Page(items, encode_cursor(position(items[-1])) if more else None, total)


def encode_cursor(position: Any) -> str:
    """An opaque text for a position (JSON values)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str) -> Any:
    """The position behind a cursor.

    Raises:
        Invalid: this cursor was not made here.
    """
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Invalid("The cursor is not one of ours.", faults=[_UNCHANGED]) from error


def as_id(said: object) -> UUID:
    """A cursor's position that is an id.

    Raises:
        ValueError: it is none.
    """
    return UUID(as_text(said))


def as_moment(said: object) -> datetime:
    """A cursor's position that is a time with its zone, in UTC.

    Raises:
        ValueError, OverflowError: it is none.
    """
    moment = datetime.fromisoformat(as_text(said))
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC)


def as_moment_and_id(said: object) -> tuple[datetime, UUID]:
    """A cursor's position in a list that is ordered by a time, and within one time by ids.

    Raises:
        ValueError, OverflowError: it is none.
    """
    match said:
        case [moment, id]:
            return as_moment(moment), as_id(id)
    raise ValueError("not a time and an id")


def as_plugin_id(said: object) -> str:
    """A cursor's position in a list that is ordered by plugins.

    Raises:
        ValueError: it is none.
    """
    return str(PluginId.parse(as_text(said)))


def as_text(said: object) -> str:
    """A cursor's position that is a text.

    Raises:
        ValueError: it is none, or holds what is not printed.
    """
    if not isinstance(said, str) or not said.isprintable():
        raise ValueError("not a text")
    return said
