"""A web server on loopback that hostile guests may reach: it redirects, stalls, counts and remembers."""

import asyncio
import itertools
import socket
from collections.abc import Callable

from aiohttp import web

_STALL_S = 30.0
#: Whoever is stalled then has long been killed.
_FAREWELL_S = 0.5
METADATA = "http://169.254.169.254/latest/meta-data/"


class Origin:
    """Serves until it is closed.

    Args:
        door: the listening socket.
        received: told each request's headers and body, and who may have sent it.
    """

    def __init__(self, door: socket.socket, received: Callable[[str, bytes], None]) -> None:
        self._door = door
        self._received = received
        self._count = itertools.count(1)
        self._runner: web.ServerRunner | None = None

    async def open(self) -> None:
        """Begin to serve."""
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=_FAREWELL_S)
        await self._runner.setup()
        await web.SockSite(self._runner, self._door).start()

    async def close(self) -> None:
        """End."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self._received(request.path_qs, str(dict(request.headers)).encode() + b"\n" + body)
        match request.path:
            case "/redirect":
                return web.Response(status=302, headers={"Location": METADATA})
            case "/redirect-inside":
                return web.Response(status=302, headers={"Location": "http://127.0.0.1:22/"})
            case "/stall":
                await asyncio.sleep(_STALL_S)
        return web.Response(
            text=str(next(self._count)), headers={"Cache-Control": "public, max-age=86400", "ETag": '"1"'}
        )
