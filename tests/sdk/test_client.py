"""The client for programs: what the commands do not reach, and the law of the event stream."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_sdk.client import Client
from aei_sdk.client.events import Event, read_events
from aei_sdk.errors import ApiError, ServerUnreachable
from tests.sdk.marketplace import TOKEN, Marketplace

JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


class Pieces:
    """A stream that arrives in given pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def iter_any(self):  # type: ignore[no-untyped-def]
        for piece in self._pieces:
            yield piece


def events_of(*pieces: bytes) -> list[Event]:
    async def collect() -> list[Event]:
        return [event async for event in read_events(Pieces(list(pieces)))]  # type: ignore[arg-type]

    return asyncio.run(collect())


@given(st.lists(st.tuples(st.sampled_from(["log", "end"]), JSON), max_size=4), st.data())
def test_events_arrive_whole_however_the_stream_is_cut(
    sent: list[tuple[str, object]], data: st.DataObject
) -> None:
    stream = "".join(f"event: {name}\ndata: {json.dumps(value)}\n\n" for name, value in sent).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert events_of(*pieces) == [Event(name, value) for name, value in sent]


def test_comments_ids_and_carriage_returns_are_passed_over() -> None:
    stream = b": hello\r\nid: 7\r\nevent: log\r\ndata: [1,\r\ndata: 2]\r\n\r\n: bye\r\n\r\n"
    assert events_of(stream) == [Event("log", [1, 2])]


def test_an_event_that_was_cut_off_is_no_event() -> None:
    assert events_of(b"event: end\ndata: {}\n") == []


def test_an_event_of_a_megabyte_is_read() -> None:
    text = "x" * 1_000_000
    assert events_of(f"event: end\ndata: {json.dumps(text)}\n\n".encode()) == [Event("end", text)]


async def test_a_program_can_do_the_whole_round(marketplace: Marketplace) -> None:
    async with Client(marketplace.url, TOKEN) as client:
        assert (await client.me())["name"] == "Ada"
        operation = await client.installations.install("acme.counter", grants={})
        assert (await client.operations.finished(operation))["state"] == "succeeded"
        started = await client.executions.start("acme.counter", {"text": "x"})
        assert started["outcome"] is None
        names = [event.name async for event in client.executions.follow(started["id"])]
        assert names == ["progress", "log", "end"]
        assert (await client.executions.cancel(started["id"]))["outcome"] == "ok"
        assert await client.catalogue.package("acme.counter", "0.1.0") == b"PK\x05\x06"


async def test_each_post_has_an_idempotency_key_of_its_own(marketplace: Marketplace) -> None:
    async with Client(marketplace.url, TOKEN) as client:
        for _ in range(3):
            await client.executions.run("acme.counter", {})
    keys = {seen.headers["Idempotency-Key"] for seen in marketplace.seen if seen.method == "POST"}
    assert len(keys) == 3


async def test_an_id_cannot_leave_its_place_in_the_path(marketplace: Marketplace) -> None:
    async with Client(marketplace.url, TOKEN) as client:
        with pytest.raises(ApiError):
            await client.catalogue.plugin("../me")
    assert "/api/me" not in {seen.path for seen in marketplace.seen}


async def test_no_answer_is_an_error_of_its_own() -> None:
    async with Client("http://127.0.0.1:9") as client:
        with pytest.raises(ServerUnreachable):
            await client.me()


async def test_a_client_that_was_not_opened_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await Client("http://127.0.0.1:9").me()
