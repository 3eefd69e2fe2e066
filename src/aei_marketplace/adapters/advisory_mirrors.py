"""Reading from mirrors of advisories: over HTTPS from public addresses, or from the operator's own."""

import asyncio
from collections.abc import Mapping

import aiohttp
from yarl import URL

from aei_marketplace.adapters.connections import (
    DestinationRefused,
    LookUp,
    admitted_url,
    open_session,
    system_look_up,
)
from aei_marketplace.ground.ports import MirrorFailed

#: Seconds without a byte, and for one file in all.
STALL_S, PATIENCE_S = 30.0, 600.0
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class AdvisoryMirrorClient:
    """Reads files of mirrors, each at once and with a limit.

    Args:
        internal: the operator's own services, `name:port` → address and port; plain HTTP is fine there.
        look_up: asks the DNS.
    """

    def __init__(self, internal: Mapping[str, tuple[str, int]], look_up: LookUp = system_look_up) -> None:
        self._internal = internal
        self._look_up = look_up

    async def read(self, url: str, most: int) -> bytes:
        """As `AdvisoryMirror.read`. Redirects are not followed: they could lead anywhere."""
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                open_session(self._internal, self._look_up, STALL_S) as session,
                session.get(self._admitted(url), allow_redirects=False) as response,
            ):
                if response.status != 200:
                    raise MirrorFailed(f"it answered {response.status}")
                return await _read(response, most)
        except DestinationRefused as refused:
            raise MirrorFailed(f"nothing was sent there: {refused}") from refused
        except TimeoutError as error:
            raise MirrorFailed("no answer in time") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise MirrorFailed(f"no answer: {type(error).__name__}") from error

    def _admitted(self, url: str) -> URL:
        address = URL(url, encoded=True)
        if address.host in _LOOPBACK and address.scheme in ("http", "https"):
            return address
        return admitted_url(url, "", self._internal)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    content = bytearray()
    async for piece in response.content.iter_chunked(64 * 1024):
        content += piece
        if len(content) > most:
            raise MirrorFailed(f"it has more than {most:,} bytes")
    return bytes(content)
