"""Lists in pages, with cursors that callers cannot read anything into."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from aei_marketplace.ground.errors import Fault, Invalid

DEFAULT_LIMIT, LARGEST_LIMIT = 50, 200


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
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise Invalid(
            "The cursor is not one of ours", faults=[Fault("cursor", "send back `next_cursor` unchanged")]
        ) from error
