"""Time and ids, handed in so that tests can decide both."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present, in UTC, with microseconds."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique, and sorted by time of creation."""
    return UUID(int=uuid_utils.uuid7().int)


def first_id(moment: datetime) -> UUID:
    """The lowest UUIDv7 of a moment (RFC 9562, section 5.7: 48 bits of milliseconds come first)."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def rfc3339(moment: datetime) -> str:
    """`2026-11-22T17:45:41.123456Z`: always UTC, always six decimals."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
