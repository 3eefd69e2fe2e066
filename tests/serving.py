"""The real application behind a real socket, and a client for it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI


@dataclass(frozen=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Any
    body: bytes
    json: Any


@dataclass
class Client:
    """Sends requests as one token's owner, or as nobody."""

    session: aiohttp.ClientSession
    url: str

    async def send(self, method: str, path: str, token: str | None = None, **rest: Any) -> Answer:
        """Send one request; `rest` as aiohttp takes it."""
        headers = {**rest.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        async with self.session.request(method, self.url + path, headers=headers, **rest) as response:
            body = await response.read()
            is_json = response.content_type.endswith("json")
            return Answer(
                response.status,
                response.headers,
                body,
                await response.json(content_type=None) if is_json else None,
            )

    async def get(self, path: str, token: str | None = None, **rest: Any) -> Answer:
        """GET."""
        return await self.send("GET", path, token, **rest)

    async def post(self, path: str, token: str | None = None, **rest: Any) -> Answer:
        """POST."""
        return await self.send("POST", path, token, **rest)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[Client]:
    """Serve an application on a free port of loopback."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined,method-assign]
        task = asyncio.create_task(server.serve(sockets=[door]))
        try:
            while not server.started:
                if task.done():
                    task.result()
                await asyncio.sleep(0.01)
            async with aiohttp.ClientSession() as session:
                yield Client(session, f"http://127.0.0.1:{door.getsockname()[1]}")
        finally:
            server.should_exit = True
            await task
