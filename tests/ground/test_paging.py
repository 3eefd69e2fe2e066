"""Cursors: what this list wrote is its position, whatever else a caller sends is refused."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import (
    PageWanted,
    as_id,
    as_moment,
    as_moment_and_id,
    as_plugin_id,
    as_text,
    encode_cursor,
)

READERS: list[Callable[[object], Any]] = [as_id, as_moment, as_moment_and_id, as_plugin_id, as_text]
SAID = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.datetimes().map(str) | st.uuids().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 bounds have no zone
    st.integers(-1439, 1439),
    st.uuids(),
)
def test_a_cursor_brings_back_the_position_that_it_was_made_of(at: datetime, minutes: int, id: UUID) -> None:
    moment = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    cursor = encode_cursor([moment.isoformat(), id])
    assert PageWanted.read(None, cursor).position(as_moment_and_id) == (moment, id)


def test_a_page_at_the_start_has_no_position() -> None:
    assert PageWanted().position(as_id) is None


@given(SAID.filter(lambda said: said is not None), st.sampled_from(READERS))
def test_a_cursor_of_another_list_is_refused_and_never_an_accident(
    said: object, read: Callable[[object], Any]
) -> None:
    with suppress(Invalid):
        assert PageWanted.read(1, encode_cursor(said)).position(read) is not None


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (5, as_id),
        ("not an id", as_id),
        ("a\0b", as_text),
        ("no-name", as_plugin_id),
        (["acme.links"], as_plugin_id),
        ("2026-11-23T10:00:00", as_moment),
        ("0001-01-01T00:00:00+23:59", as_moment),
        ([datetime(2026, 11, 23, tzinfo=UTC).isoformat()], as_moment_and_id),
    ],
)
def test_what_no_list_writes_is_refused(said: object, read: Callable[[object], Any]) -> None:
    with pytest.raises(Invalid, match="of another list"):
        PageWanted(50, said).position(read)


@pytest.mark.parametrize("written", [b"[" * 6_000, b"9" * 5_000, b"1e999", b"\xff", b""])
def test_what_is_no_cursor_at_all_is_refused_however_deep_or_large(written: bytes) -> None:
    with pytest.raises(Invalid, match="not one of ours"):
        PageWanted.read(None, urlsafe_b64encode(written).decode())
