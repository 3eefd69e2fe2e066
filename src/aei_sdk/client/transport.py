"""Requests to the marketplace: tokens, problem documents, server-sent events."""

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from aei_sdk.client.events import Event, read_events
from aei_sdk.errors import AeiError, ApiError, ServerUnreachable

#: A synchronous execution answers when it has ended; the longest may take 300 s.
_TIMEOUT = aiohttp.ClientTimeout(total=360, connect=10)

#: Streams live as long as what they tell of; the server breaks silence with comments.
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=120)


class Transport:
    """One HTTP session with one marketplace.

    Args:
        url: its address; paths are appended to it.
        token: a bearer token, or None.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Begin."""
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=_TIMEOUT)

    async def close(self) -> None:
        """End."""
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON at a path; absent query values are left out."""
        return await self._json("GET", path, params=_present(query or {}))

    async def post(self, path: str, body: Any) -> Any:
        """Send a JSON body under a fresh idempotency key."""
        return await self._json("POST", path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())})

    async def post_form(self, path: str, form: aiohttp.FormData) -> Any:
        """Send a multipart form under a fresh idempotency key."""
        return await self._json("POST", path, data=form, headers={"Idempotency-Key": str(uuid.uuid4())})

    async def patch(self, path: str, body: Any) -> Any:
        """Change a resource."""
        return await self._json("PATCH", path, json=body)

    async def put(self, path: str, body: Any) -> Any:
        """Put a resource in place of what is there."""
        return await self._json("PUT", path, json=body)

    async def delete(self, path: str) -> None:
        """Remove a resource."""
        await self._json("DELETE", path)

    async def download(self, path: str) -> bytes:
        """The bytes at a path."""
        async with self._request("GET", path) as response:
            return await response.read()

    async def pieces(self, path: str, query: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """The bytes at a path as they come, however many.

        Raises:
            ServerUnreachable: they broke off.
        """
        options = {"params": _present(query), "timeout": _STREAM_TIMEOUT}
        async with self._request("GET", path, **options) as response:
            async for piece in response.content.iter_any():
                yield piece

    async def events(self, path: str) -> AsyncIterator[Event]:
        """The server-sent events at a path, until the server ends the stream.

        Raises:
            ServerUnreachable: the stream broke off.
        """
        accept = {"Accept": "text/event-stream"}
        async with self._request("GET", path, headers=accept, timeout=_STREAM_TIMEOUT) as response:
            try:
                async for event in read_events(response.content):
                    yield event
            except ValueError as error:
                raise _not_the_marketplace(self.url, response.status) from error

    async def _json(self, method: str, path: str, **options: Any) -> Any:
        async with self._request(method, path, **options) as response:
            body = await response.read()
            if not body:
                return None
            try:
                return json.loads(body)
            except ValueError as error:
                raise _not_the_marketplace(self.url, response.status) from error

    @asynccontextmanager
    async def _request(self, method: str, path: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("use the client with `async with`")
        try:
            async with self._session.request(method, self.url + path, **options) as response:
                if response.status >= 400:
                    raise await _refusal(self.url, response)
                yield response
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise _unreachable(self.url, error) from error


async def _refusal(url: str, response: aiohttp.ClientResponse) -> AeiError:
    body = await response.read()
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return _not_the_marketplace(url, response.status)
    return ApiError(response.status, problem)


def _unreachable(url: str, error: Exception) -> ServerUnreachable:
    return ServerUnreachable(
        f"No answer from {url}",
        str(error) or type(error).__name__,
        advice="Is it running? Start it with `./market up`, or name another: aei login --url URL",
    )


def _not_the_marketplace(url: str, status: int) -> ServerUnreachable:
    return ServerUnreachable(
        f"{url} does not answer like a marketplace",
        f"It answered {status} without JSON.",
        advice="Check the address: aei login --url URL",
    )


def _present(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}
