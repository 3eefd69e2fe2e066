"""A receiver of webhooks on loopback that takes, refuses, redirects, stalls and floods, as its test says."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

#: The name under which the operator's map knows it.
NAME = "hooks.example"

Behaviour = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Received:
    """One request that reached the receiver."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def signed_by(self, secret: str) -> bool:
        """Checks the signature as docs/api.md tells receivers to."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = self.headers["webhook-signature"].split(" ")
        return any(hmac.compare_digest(expected, one) for one in given)


@dataclass
class Hooks:
    """Behaves as the next of `plan` does, then takes everything.

    Attributes:
        most: how many requests were under way at once, at most.
    """

    port: int = 0
    plan: list[Behaviour] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    @property
    def internal(self) -> dict[str, tuple[str, int]]:
        """The operator's map that leads here."""
        return {f"{NAME}:{self.port}": ("127.0.0.1", self.port)}

    def url(self, path: str = "/in") -> str:
        return f"http://{NAME}:{self.port}{path}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            self.received.append(Received(request.path_qs, dict(request.headers), await request.read()))
            behaviour = self.plan.pop(0) if self.plan else status(200)
            return await behaviour(request)
        finally:
            self.under_way -= 1


@asynccontextmanager
async def hooks_server() -> AsyncIterator[Hooks]:
    """Receive on a free port of loopback."""
    hooks = Hooks()
    runner = web.ServerRunner(web.Server(hooks.handle, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hooks.port = runner.addresses[0][1]
    try:
        yield hooks
    finally:
        await runner.cleanup()


def status(code: int, **headers: str) -> Behaviour:
    """Answers with a status."""

    async def behave(_: web.BaseRequest) -> web.Response:
        return web.Response(status=code, headers=headers)

    return behave


async def stall(_: web.BaseRequest) -> web.StreamResponse:
    """Never answers."""
    await asyncio.sleep(3600)
    raise AssertionError("unreachable")


async def flood(request: web.BaseRequest) -> web.StreamResponse:
    """Answers without end."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


async def hang_up(request: web.BaseRequest) -> web.StreamResponse:
    """Closes the connection in the place of an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def waits_for(event: asyncio.Event) -> Behaviour:
    """Takes it once the event is set."""

    async def behave(_: web.BaseRequest) -> web.Response:
        await event.wait()
        return web.Response()

    return behave
