"""What a guest exchanges with servers, and names that change what they lead to."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from aei_protocol.limits import Limits
from aei_protocol.messages import Denial, Ended
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox.broker.exchange import (
    LARGEST_BODY,
    ExchangeFailed,
)
from aei_sandbox.broker.target import NotGranted, Target
from aei_sandbox.broker.transport import Transport
from aei_sandbox.local import HostLine
from tests.sandbox.conftest import SharedHost
from tests.sandbox.guests import fetching

SOMEWHERE = Target("https", "a.example", 443, "/")


class Rebinding:
    """A name server that answers something else each time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, _name: str, _port: int) -> list[str]:
        return self.answers.pop(0)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], [], ["::ffff:10.0.0.1"]])
async def test_a_name_with_any_private_address_is_refused(addresses: list[str]) -> None:
    transport = Transport({}, Rebinding(addresses))
    with pytest.raises(NotGranted) as refusal:
        await transport.send("GET", SOMEWHERE, {}, None)
    assert refusal.value.host == "a.example"
    await transport.close()


async def test_a_name_is_asked_for_once_for_each_connection() -> None:
    names = Rebinding(["192.0.2.1"], ["127.0.0.1"])
    transport = Transport({}, names)
    with pytest.raises(NotGranted):
        await transport.send("GET", SOMEWHERE, {}, None)
    assert names.answers == [["127.0.0.1"]]
    await transport.close()


async def test_a_name_that_cannot_be_resolved_is_a_failure_not_a_denial() -> None:
    async def unknown(_name: str, _port: int) -> list[str]:
        raise OSError("no such name")

    transport = Transport({}, unknown)
    with pytest.raises(ExchangeFailed):
        await transport.send("GET", SOMEWHERE, {}, None)
    await transport.close()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def origin(shared_host: SharedHost, handler: Handler) -> AsyncIterator[None]:
    """Serves `http://origin.example:8080` for the session's host."""
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, shared_host.origin.dup()).start()
    try:
        yield
    finally:
        await runner.cleanup()


HELD = Capabilities(hosts=("origin.example:8080", "other.example:8080"))

BASE = "http://origin.example:8080"


async def fetch(host: HostLine, request: dict[str, object] | str, limits: Limits = Limits()) -> Ended:  # noqa: B008 a frozen value
    prepared = await host.prepare(fetching(), ("http",))
    task = request if isinstance(request, str) else json.dumps(request)
    return await host.execute(
        prepared.component, task, interfaces=("http",), capabilities=HELD, limits=limits
    )


def code_of(ended: Ended) -> str:
    assert ended.problem is not None
    code: str = json.loads(ended.problem.replace("\\\\", "\\"))["code"]
    return code


async def test_a_guest_exchanges_a_request_for_a_response(shared_host: SharedHost, host: HostLine) -> None:
    seen: list[tuple[str, str, str | None, str | None, str]] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        text = await request.text()
        seen.append(
            (request.method, request.path_qs, request.headers.get("Host"), request.headers.get("X-Key"), text)
        )
        return web.Response(text="größe", headers={"X-Answer": "yes"}, status=201)

    async with origin(shared_host, handler):
        request = {"method": "POST", "url": f"{BASE}/a?b=%20", "headers": {"X-Key": "k"}, "body": "ü"}
        ended = await fetch(host, request)
    assert seen == [("POST", "/a?b=%20", "origin.example:8080", "k", "ü")]
    assert ended.output is not None
    response = json.loads(ended.output)
    assert (response["status"], response["body"], response["url"]) == (201, "größe", f"{BASE}/a?b=%20")
    assert response["headers"]["x-answer"] == "yes"
    assert ended.used == ("network",)
    assert ended.usage.bytes_in > len(ended.output.encode())


async def test_a_host_that_is_not_granted_is_denied_and_named_without_its_path(host: HostLine) -> None:
    ended = await fetch(host, {"url": "https://evil.example/secret?token=1"})
    assert ended.outcome is Outcome.DENIED
    assert ended.denied == (Denial("network", "evil.example", 1),)
    assert ended.used == ()


async def test_an_allowed_host_that_redirects_to_a_forbidden_one_is_denied(
    shared_host: SharedHost, host: HostLine
) -> None:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest"})

    async with origin(shared_host, handler):
        ended = await fetch(host, {"url": f"{BASE}/"})
    assert ended.outcome is Outcome.DENIED
    assert ended.denied == (Denial("network", "169.254.169.254", 1),)


async def test_redirects_within_the_grant_are_followed_but_not_for_ever(
    shared_host: SharedHost, host: HostLine
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        left = int(request.path[1:])
        if left == 0:
            return web.Response(text="there")
        return web.Response(status=302, headers={"Location": str(left - 1)})

    async with origin(shared_host, handler):
        reached = await fetch(host, {"url": f"{BASE}/5"})
        assert json.loads(reached.output or "")["body"] == "there"
        assert code_of(await fetch(host, {"url": f"{BASE}/6"})) == "invalid"


async def test_an_answer_above_the_limit_is_too_large(shared_host: SharedHost, host: HostLine) -> None:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(body=bytes(LARGEST_BODY + 1))

    async with origin(shared_host, handler):
        assert code_of(await fetch(host, {"url": f"{BASE}/"})) == "too_large"


async def test_a_guest_that_waits_for_a_silent_server_ends_at_its_wall_limit(
    shared_host: SharedHost, host: HostLine
) -> None:
    asked = asyncio.Event()

    async def handler(_: web.BaseRequest) -> web.Response:
        asked.set()
        await asyncio.sleep(60)
        return web.Response()

    async with origin(shared_host, handler):
        ended = await fetch(host, {"url": f"{BASE}/"}, Limits(wall_ms=1500))
    assert asked.is_set()
    assert ended.outcome in (Outcome.WALL_LIMIT, Outcome.GUEST_ERROR)
    assert ended.usage.wall_ms < 10_000


async def test_a_server_that_hangs_up_is_a_failure(shared_host: SharedHost, host: HostLine) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with origin(shared_host, handler):
        assert code_of(await fetch(host, {"url": f"{BASE}/"})) == "failed"


async def test_a_malformed_request_is_invalid_and_reaches_nobody(host: HostLine) -> None:
    ended = await fetch(host, "no json")
    assert ended.outcome is Outcome.GUEST_ERROR
    assert code_of(ended) == "invalid"


async def test_no_cookie_is_kept_between_two_executions(shared_host: SharedHost, host: HostLine) -> None:
    cookies: list[str | None] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "session=1"})

    async with origin(shared_host, handler):
        await fetch(host, {"url": f"{BASE}/"})
        await fetch(host, {"url": f"{BASE}/"})
    assert cookies == [None, None]
