"""The request that is made most goes straight to its endpoint.

The framework compares a path with the routes of every domain and prepares what this endpoint has no use for:
together that took longer than the endpoint itself.
"""

import re
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from aei_marketplace.ground.errors import Refusal
from aei_marketplace.web import idempotency
from aei_marketplace.web.problems import refused

_ONCE = idempotency.HEADER.encode()


class Express:
    """ASGI middleware: calls an endpoint for the POSTs to its path that carry no `Idempotency-Key`.

    All others go on to the routes, where the same endpoint stands as well.

    Args:
        path: fits the whole path; its named groups are the path's parameters.
        endpoint: takes the request alone.
    """

    def __init__(
        self, app: ASGIApp, path: re.Pattern[str], endpoint: Callable[[Request], Awaitable[Response]]
    ) -> None:
        self.app = app
        self._path = path
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        found = self._path.fullmatch(scope["path"]) if scope.get("method") == "POST" else None
        if found is None or any(name == _ONCE for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        scope["path_params"] = found.groupdict()
        request = Request(scope, receive, send)
        try:
            response = await self._endpoint(request)
        except Refusal as refusal:
            response = await refused(request, refusal)
        await response(scope, receive, send)
