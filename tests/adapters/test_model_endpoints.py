"""The client of model endpoints, facing a real server that answers, stalls, breaks off and lies."""

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.model_endpoints import ModelEndpointClient, Patience
from aei_marketplace.adapters.model_endpoints.chat import LARGEST_TEXT
from aei_marketplace.adapters.model_endpoints.client import LARGEST_BODY
from aei_marketplace.adapters.model_endpoints.events import LARGEST_EVENT, Events
from aei_marketplace.adapters.model_endpoints.failures import EndpointFailed
from aei_marketplace.ground.ports import EndpointCall, ModelReply
from aei_marketplace.ground.tokens import estimate
from tests.adapters.endpoint_server import (
    DONE,
    EndpointServer,
    chunk,
    completion,
    embeddings,
    endless,
    endpoint_server,
    event,
    silent,
    stream,
    whole,
)

KEY = "sk-canary-0123456789"
HURRIED = Patience(total=20, stall=1)


@pytest.fixture
async def server() -> AsyncIterator[EndpointServer]:
    async with endpoint_server() as server:
        yield server


@pytest.fixture
async def client(server: EndpointServer) -> AsyncIterator[ModelEndpointClient]:
    client = ModelEndpointClient(server.internal, HURRIED)
    yield client
    await client.close()


def chat_call(server: EndpointServer, **more: Any) -> EndpointCall:
    values: dict[str, Any] = {
        "kind": "chat",
        "base_url": server.base_url,
        "key": KEY,
        "model": "small",
        "body": {
            "model": "up",
            "messages": [{"role": "user", "content": "Say hello"}],
            "max_tokens": 50,
        },
        "streaming": True,
        "prompt_tokens": 7,
        "most_tokens": 1000,
        **more,
    }
    return EndpointCall(**values)


def embed_call(server: EndpointServer, texts: int = 2) -> EndpointCall:
    body = {"model": "up", "input": ["x"] * texts}
    return chat_call(server, kind="embed", body=body, prompt_tokens=2)


def text_of(reply: ModelReply) -> str:
    assert reply.response is not None, reply
    text: str = json.loads(reply.response)["choices"][0]["message"]["content"]
    return text


def reason_of(reply: ModelReply) -> str:
    assert reply.response is not None, reply
    reason: str = json.loads(reply.response)["choices"][0]["finish_reason"]
    return reason


async def test_a_streamed_answer_is_told_in_the_common_shape(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    server.behaviour = stream(
        chunk(""), chunk("Hello"), chunk(" wörld"), chunk(finish="stop"),
        event({"choices": [], "usage": usage}), DONE,
    )  # fmt: skip
    reply = await client.ask(chat_call(server))
    assert reply.response is not None
    document = json.loads(reply.response)
    assert document["object"] == "chat.completion"
    assert document["model"] == "small"
    assert document["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "Hello wörld"}, "finish_reason": "stop"}
    ]
    assert document["usage"] == usage
    assert (reply.tokens, reply.code) == (13, None)


async def test_the_request_bears_the_key_the_endpoints_name_and_asks_for_a_stream(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    server.behaviour = stream(chunk("x", finish="stop"), DONE)
    await client.ask(chat_call(server))
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "up"
    assert asked.body["max_tokens"] == 50
    assert asked.body["stream"] is True
    assert asked.body["stream_options"] == {"include_usage": True}


async def test_an_endpoint_without_a_key_gets_none_and_one_without_streams_is_not_asked_for_any(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    server.behaviour = whole(completion())
    reply = await client.ask(chat_call(server, key=None, streaming=False))
    assert text_of(reply) == "Hello there"
    (asked,) = server.asked
    assert "Authorization" not in asked.headers
    assert "stream" not in asked.body


async def test_an_endpoint_that_answers_whole_where_a_stream_was_asked_for_is_understood(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    server.behaviour = whole(completion())
    reply = await client.ask(chat_call(server))
    assert (text_of(reply), reply.tokens) == ("Hello there", 12)


async def test_a_stream_is_understood_in_whatever_pieces_it_comes(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    raw = chunk("Grüße").replace(b"\n", b"\r\n") + b": comment\n\nevent: x\nid: 3\n" + chunk(" 日本") + DONE
    server.behaviour = stream(*(bytes([byte]) for byte in raw))
    assert text_of(await client.ask(chat_call(server))) == "Grüße 日本"


# What an endpoint says of its cost can raise the count a little, and never lower it.


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "much",
        [],
        {},
        {"prompt_tokens": -5, "completion_tokens": -10_000},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": None, "completion_tokens": "3"},
        {"prompt_tokens": 1.5, "completion_tokens": True},
    ],
)
async def test_a_report_below_the_estimate_lowers_nothing(
    server: EndpointServer, client: ModelEndpointClient, usage: Any
) -> None:
    server.behaviour = whole(completion("x" * 400, usage=usage))
    reply = await client.ask(chat_call(server))
    assert reply.tokens == 7 + 100


async def test_an_absurd_report_counts_as_the_most_that_can_be_true(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    absurd = {"prompt_tokens": 10**15, "completion_tokens": 10**15}
    server.behaviour = whole(completion("x" * 40, usage=absurd))
    reply = await client.ask(chat_call(server))
    assert reply.tokens == (7 * 4 + 1024) + 50


async def test_a_stream_beyond_the_budget_is_cut_there_and_hung_up_on(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    server.behaviour = endless(chunk("0123456789"))
    reply = await client.ask(chat_call(server, most_tokens=57))
    assert reason_of(reply) == "length"
    assert len(text_of(reply)) == 200
    assert reply.tokens == 57
    await asyncio.wait_for(server.left.wait(), 20)


async def test_a_whole_answer_beyond_the_budget_is_cut_as_well(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    server.behaviour = whole(completion("ä" * 10_000, usage=None))
    reply = await client.ask(chat_call(server, most_tokens=17))
    assert (text_of(reply), reason_of(reply), reply.tokens) == ("ä" * 20, "length", 17)


# Refusals and failures: what went wrong, and nothing of the endpoint's own words.

LEAK = f"Incorrect API key provided: {KEY}"


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 401, 403, 404, 429, 500, 503, 599])
async def test_another_status_is_a_failure_that_repeats_nothing_and_costs_nothing(
    server: EndpointServer, client: ModelEndpointClient, status: int
) -> None:
    server.behaviour = whole({"error": {"message": LEAK}}, status, Location=f"{server.base_url}/elsewhere")
    reply = await client.ask(chat_call(server))
    assert (reply.code, reply.response, reply.tokens) == ("failed", None, 0)
    assert str(status) in reply.message
    assert KEY not in reply.message
    assert len(server.asked) == 1


BROKEN = {
    "no_json": whole(b"<html>" + LEAK.encode(), content_type="application/json"),
    "html": whole(b"<html>hello</html>", content_type="text/html"),
    "no_type": whole(b"{}", content_type="application/octet-stream"),
    "cut_json": whole(json.dumps(completion()).encode()[:-20]),
    "other_shape": whole({"choices": [{"message": {"content": ["parts"]}}]}),
    "list": whole([1, 2]),
    "no_choices": whole({"choices": []}),
    "error_inside": whole({"error": {"message": LEAK}}),
    "deep": whole(b'{"choices": ' + b"[" * 100_000),
    "compressed": whole(completion(), **{"Content-Encoding": "gzip"}),
    "no_end": stream(chunk("Hel")),
    "empty_stream": stream(),
    "garbage_event": stream(b"data: {nonsense\n\n", DONE),
    "error_event": stream(chunk("Hel"), event({"error": {"message": LEAK}}), DONE),
    "half_event": stream(chunk("Hel"), chunk("lo", finish="stop")[:-2]),
    "hung_up": stream(chunk("Hel"), hang_up=True),
    "long_event": stream(b"data: " + b"x" * (LARGEST_EVENT + 1)),
    "long_text": stream(*[chunk("x" * 500_000)] * 3, DONE),
    "long_body": whole(b" " * (LARGEST_BODY + 1)),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_broken_answer_is_a_failure_that_repeats_nothing(
    server: EndpointServer, client: ModelEndpointClient, broken: str
) -> None:
    server.behaviour = BROKEN[broken]
    reply = await client.ask(chat_call(server, most_tokens=2 * LARGEST_TEXT))
    assert (reply.code, reply.response) == ("failed", None)
    assert KEY not in reply.message
    assert reply.tokens >= 7
    assert len(server.asked) == 1


async def test_what_came_before_a_break_is_counted(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    server.behaviour = stream(chunk("x" * 40), hang_up=True)
    reply = await client.ask(chat_call(server))
    assert (reply.code, reply.tokens) == ("failed", 7 + estimate(40))


@pytest.mark.parametrize("behaviour", [silent, stream(chunk("Hel"), 60.0)], ids=["at_once", "half_way"])
async def test_a_silent_endpoint_is_a_timeout(
    server: EndpointServer, client: ModelEndpointClient, behaviour: Any
) -> None:
    server.behaviour = behaviour
    reply = await asyncio.wait_for(client.ask(chat_call(server)), 30)
    assert reply.code == "timeout"
    assert reply.tokens >= 7
    assert len(server.asked) == 1


async def test_a_stream_that_trickles_for_ever_ends_at_the_total_time(server: EndpointServer) -> None:
    server.behaviour = stream(*[b": wait\n\n", 0.2] * 300)
    client = ModelEndpointClient(server.internal, Patience(total=1.5, stall=20))
    reply = await asyncio.wait_for(client.ask(chat_call(server)), 30)
    assert reply.code == "timeout"
    await asyncio.wait_for(server.left.wait(), 20)
    await client.close()


async def test_a_stream_that_says_nothing_for_ever_ends_at_its_size(
    server: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aei_marketplace.adapters.model_endpoints.chat.LARGEST_STREAM", 1024 * 1024)
    server.behaviour = endless(chunk("") * 1000)
    client = ModelEndpointClient(server.internal, Patience(total=60, stall=20))
    reply = await client.ask(chat_call(server))
    assert (reply.code, reply.tokens) == ("failed", 7)
    await client.close()


async def test_an_endpoint_that_nobody_serves_costs_nothing() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        server = EndpointServer(door.getsockname()[1])
        client = ModelEndpointClient(server.internal, HURRIED)
        reply = await client.ask(chat_call(server))
    assert (reply.code, reply.tokens) == ("failed", 0)
    await client.close()


# Where requests go.


async def look_up_nothing(_name: str, _port: int) -> list[str]:
    raise OSError("no such name")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], [], ["64:ff9b::7f00:1"]])
async def test_a_name_with_any_private_address_is_refused(
    server: EndpointServer, addresses: list[str]
) -> None:
    async def look_up(_name: str, _port: int) -> list[str]:
        return addresses

    client = ModelEndpointClient({}, HURRIED, look_up)
    reply = await client.ask(chat_call(server, base_url=f"https://rebinds.example:{server.port}/v1"))
    assert (reply.code, reply.tokens, server.asked) == ("failed", 0, [])
    assert "not public" in reply.message
    await client.close()


async def test_a_name_that_cannot_be_resolved_is_a_failure(server: EndpointServer) -> None:
    client = ModelEndpointClient({}, HURRIED, look_up_nothing)
    reply = await client.ask(chat_call(server, base_url="https://nowhere.example/v1"))
    assert (reply.code, reply.tokens) == ("failed", 0)
    await client.close()


@pytest.mark.parametrize(
    "base_url",
    ["http://{name}/v1", "https://127.0.0.1:{port}/v1", "https://[::1]:{port}/v1", "http://localhost:{port}"],
)
async def test_an_address_or_plain_http_to_a_foreign_service_is_refused_even_if_it_was_kept(
    server: EndpointServer, client: ModelEndpointClient, base_url: str
) -> None:
    url = base_url.format(name="models.example", port=server.port)
    reply = await client.ask(chat_call(server, base_url=url))
    assert (reply.code, server.asked) == ("failed", [])


async def test_no_cookie_of_an_endpoint_comes_back(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    server.behaviour = whole(completion(), **{"Set-Cookie": "session=1"})
    await client.ask(chat_call(server))
    await client.ask(chat_call(server))
    assert [asked.headers.get("Cookie") for asked in server.asked] == [None, None]


# Embeddings.


async def test_embeddings_come_in_the_order_of_their_texts(
    server: EndpointServer, client: ModelEndpointClient
) -> None:
    answer = embeddings([1, 0.5], [0.25, -1])
    answer["data"].reverse()
    server.behaviour = whole(answer)
    reply = await client.ask(embed_call(server))
    assert reply.response is not None
    document = json.loads(reply.response)
    assert [item["embedding"] for item in document["data"]] == [[1, 0.5], [0.25, -1]]
    assert (document["model"], reply.tokens) == ("small", 2)
    assert server.asked[0].path == "/v1/embeddings"


@pytest.mark.parametrize(
    "answer",
    [
        embeddings([1.0]),
        embeddings([1.0], [1.0], [1.0]),
        embeddings([1.0], [1.0, 2.0]),
        embeddings([], []),
        {"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]},
        {"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": ["1"]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": "AAAA"}]},
        {"data": None},
        b'{"data": [{"index": 0, "embedding": [1e999]}, {"index": 1, "embedding": [1]}]}',
        b'{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [1]}]}',
    ],
)
async def test_embeddings_that_do_not_fit_their_texts_are_a_failure(
    server: EndpointServer, client: ModelEndpointClient, answer: Any
) -> None:
    server.behaviour = whole(answer)
    reply = await client.ask(embed_call(server))
    assert (reply.code, reply.response, reply.tokens) == ("failed", None, 2)


async def test_streamed_embeddings_are_a_failure(server: EndpointServer, client: ModelEndpointClient) -> None:
    server.behaviour = stream(event(embeddings([1.0], [1.0])), DONE)
    assert (await client.ask(embed_call(server))).code == "failed"


# The law of the reader: the cut of the bytes changes nothing.


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=10))
def test_events_do_not_depend_on_how_their_bytes_are_cut(raw: bytes, cuts: list[int]) -> None:
    raw = b"data: " + raw + b"\r\n\r\ndata:a\ndata: b\n\n"
    places = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    at_once, events = list(Events().feed(raw)), Events()
    in_pieces = [data for a, b in itertools.pairwise(places) for data in events.feed(raw[a:b])]
    assert in_pieces == at_once
    assert at_once[-1] == b"a\nb"


def test_an_event_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    most = b"data:" + b"x" * (LARGEST_EVENT - 5)
    assert list(Events().feed(most + b"\n\n")) == [most[5:]]
    with pytest.raises(EndpointFailed):
        list(Events().feed(most + b"x"))


def test_a_flood_of_small_lines_in_one_event_ends_at_the_limit() -> None:
    with pytest.raises(EndpointFailed):
        list(Events().feed(b"data: x\n" * LARGEST_EVENT))
