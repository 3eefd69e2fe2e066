"""The client of webhooks, facing receivers that refuse, redirect, stall and flood, and names that lie."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from aei_marketplace.adapters.webhooks import WebhookClient
from tests.notices.hooks import Hooks, flood, hang_up, hooks_server, stall, status

HEADERS = {"Content-Type": "application/json"}


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    async with hooks_server() as hooks:
        yield hooks


@pytest.fixture
async def client(hooks: Hooks) -> AsyncIterator[WebhookClient]:
    client = WebhookClient(hooks.internal, patience=20)
    yield client
    await client.close()


async def test_a_request_arrives_as_it_was_sent(hooks: Hooks, client: WebhookClient) -> None:
    answer = await client.post(hooks.url("/in?a=%20b"), {**HEADERS, "webhook-id": "1"}, b'{"a": 1}')
    assert (answer.status, answer.problem) == (200, None)
    (got,) = hooks.received
    assert (got.path, got.body, got.id) == ("/in?a=%20b", b'{"a": 1}', "1")


@pytest.mark.parametrize("code", [200, 201, 204, 299])
async def test_a_2xx_counts_as_taken(hooks: Hooks, client: WebhookClient, code: int) -> None:
    hooks.plan = [status(code)]
    assert (await client.post(hooks.url(), HEADERS, b"{}")).problem is None


@pytest.mark.parametrize("code", [300, 304, 400, 401, 404, 410, 429, 500, 503])
async def test_anything_else_does_not(hooks: Hooks, client: WebhookClient, code: int) -> None:
    hooks.plan = [status(code)]
    answer = await client.post(hooks.url(), HEADERS, b"{}")
    assert answer.status == code
    assert answer.problem is not None
    assert str(code) in answer.problem


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(hooks: Hooks, client: WebhookClient, code: int) -> None:
    hooks.plan = [status(code, Location=f"http://127.0.0.1:{hooks.port}/private")]
    answer = await client.post(hooks.url(), HEADERS, b"{}")
    assert answer.status == code
    assert "not followed" in (answer.problem or "")
    assert len(hooks.received) == 1


async def test_a_receiver_that_never_answers_is_given_up_in_time(hooks: Hooks) -> None:
    client = WebhookClient(hooks.internal, patience=0.3)
    hooks.plan = [stall]
    answer = await client.post(hooks.url(), HEADERS, b"{}")
    await client.close()
    assert (answer.status, answer.problem) == (None, "no answer within 0.3 s")


async def test_an_endless_answer_is_hung_up_on(hooks: Hooks, client: WebhookClient) -> None:
    hooks.plan = [flood]
    answer = await client.post(hooks.url(), HEADERS, b"{}")
    assert answer.status == 200
    async with asyncio.timeout(20):
        while hooks.under_way:  # noqa: ASYNC110 the receiver notices in its own time
            await asyncio.sleep(0.01)


async def test_an_endless_head_is_refused(client: WebhookClient) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    long = WebhookClient({f"hooks.example:{port}": ("127.0.0.1", port)}, patience=20)
    answer = await long.post(f"http://hooks.example:{port}/", HEADERS, b"{}")
    await long.close()
    server.close()
    assert answer.status is None
    assert (answer.problem or "").startswith("no answer")


async def test_a_broken_connection_is_told_without_words_of_the_other_side(
    hooks: Hooks, client: WebhookClient
) -> None:
    hooks.plan = [hang_up]
    answer = await client.post(hooks.url(), HEADERS, b"{}")
    assert answer.status is None
    assert (answer.problem or "").startswith("no answer: ")


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["0.0.0.0"], ["10.1.2.3"], ["169.254.169.254"], ["100.64.0.1"], ["::1"], ["::"],
        ["fe80::1%eth0"], ["fd00::1"], ["::ffff:10.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"],
        ["93.184.216.34", "127.0.0.1"], [],
    ],
)  # fmt: skip
async def test_a_name_with_an_address_that_is_not_public_gets_nothing(
    hooks: Hooks, addresses: list[str]
) -> None:
    async def look_up(name: str, port: int) -> list[str]:
        return addresses

    client = WebhookClient({}, look_up)
    answer = await client.post(f"https://public.example:{hooks.port}/", HEADERS, b"{}")
    await client.close()
    assert answer.problem == "nothing was sent: the name leads to an address that is not public"
    assert hooks.received == []


async def test_a_name_is_looked_up_once_for_each_request_and_connected_to_what_was_judged() -> None:
    asked: list[str] = []

    async def rebinding(name: str, port: int) -> list[str]:
        asked.append(name)
        return ["192.0.2.1"] if len(asked) > 1 else ["127.0.0.1"]

    client = WebhookClient({}, rebinding)
    for _ in range(2):
        answer = await client.post("https://rebinding.example/", HEADERS, b"{}")
        assert "not public" in (answer.problem or "")
    await client.close()
    assert asked == ["rebinding.example"] * 2, "no cache, and no second look before the connection"


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]/", "https://0x7f.1/", "http://hooks.example/", "https:///"]
)
async def test_a_url_that_should_never_have_been_kept_gets_nothing(client: WebhookClient, url: str) -> None:
    answer = await client.post(url, HEADERS, b"{}")
    assert (answer.problem or "").startswith("nothing was sent")
