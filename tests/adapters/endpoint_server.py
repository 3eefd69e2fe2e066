"""A model endpoint on loopback that answers, streams, stalls, breaks off and lies, as its test says."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

#: The name under which the operator's map knows it.
NAME = "models.example"

Behaviour = Callable[["Asked", web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """One request that reached the endpoint."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class EndpointServer:
    """Behaves as `behaviour` does; remembers what it was asked and whether its answer was hung up on."""

    port: int = 0
    behaviour: Behaviour | None = None
    asked: list[Asked] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base_url(self) -> str:
        return f"http://{NAME}:{self.port}/v1"

    @property
    def internal(self) -> dict[str, tuple[str, int]]:
        """The operator's map that leads here."""
        return {f"{NAME}:{self.port}": ("127.0.0.1", self.port)}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        asked = Asked(request.path, dict(request.headers), json.loads(raw))
        self.asked.append(asked)
        assert self.behaviour is not None
        try:
            return await self.behaviour(asked, request)
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
            raise


@asynccontextmanager
async def endpoint_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[EndpointServer]:
    """Serve on a free port of loopback."""
    server = EndpointServer()
    runner = web.ServerRunner(web.Server(server.handle, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


def completion(text: str = "Hello there", **more: Any) -> dict[str, Any]:
    """A whole chat completion."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "upstream-id",
        "object": "chat.completion",
        "created": 1,
        "model": "upstream-model",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        **more,
    }


def chunk(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One event of a streamed completion."""
    choice = {"index": 0, "delta": {"content": text} if text is not None else {}, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice], **more})


def event(document: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(document).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def whole(
    document: Any, status: int = 200, content_type: str = "application/json", **headers: str
) -> Behaviour:
    """Answers with one document."""

    async def behave(_: Asked, __: web.BaseRequest) -> web.Response:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return web.Response(body=body, status=status, headers={"Content-Type": content_type, **headers})

    return behave


def stream(*pieces: bytes | float, hang_up: bool = False) -> Behaviour:
    """Streams pieces; a number waits so many seconds."""

    async def behave(_: Asked, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for piece in pieces:
            if isinstance(piece, bytes):
                await response.write(piece)
            else:
                await asyncio.sleep(piece)
        if hang_up:
            assert request.transport is not None
            request.transport.abort()
        return response

    return behave


def endless(piece: bytes) -> Behaviour:
    """Streams the same piece for ever."""

    async def behave(_: Asked, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(piece)

    return behave


def silent(_: Asked, __: web.BaseRequest) -> Awaitable[web.StreamResponse]:
    """Takes the request and says nothing."""
    return asyncio.Future()


def embeddings(*vectors: list[float], **more: Any) -> dict[str, Any]:
    """A whole answer with embeddings."""
    data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
    return {"object": "list", "data": data, "model": "up", "usage": {"prompt_tokens": 2}, **more}
