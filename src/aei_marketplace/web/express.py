"""The requests that are made most go straight to their endpoints.

The framework compares a path with the routes of every domain and prepares what these endpoints have no use
for: that took longer than an execution's own endpoint, and a tenth of a search.
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
    """ASGI middleware: calls an endpoint for the requests to its path that carry no `Idempotency-Key`.

    All others go on to the routes, which answer the same.

    Args:
        path: fits the whole path; its named groups are the path's parameters.
        endpoint: takes the request alone; None leaves it to the routes.
    """

    def __init__(
        self,
        app: ASGIApp,
        method: str,
        path: re.Pattern[str],
        endpoint: Callable[[Request], Awaitable[Response | None]],
    ) -> None:
        self.app = app
        self._method, self._path = method, path
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        found = self._path.fullmatch(scope["path"]) if scope.get("method") == self._method else None
        if found is None or any(name == _ONCE for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        scope["path_params"] = found.groupdict()
        request = Request(scope, receive, send)
        try:
            response = await self._endpoint(request)
        except Refusal as refusal:
            response = await refused(request, refusal)
        await (response or self.app)(scope, receive, send)
