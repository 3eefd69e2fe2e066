"""Connections out: made to public addresses or the operator's own services, and to no other."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from aei_protocol.addresses import HOST_NAME, all_public

#: Name and port → addresses.
LookUp = Callable[[str, int], Awaitable[list[str]]]


class DestinationRefused(Exception):
    """Nothing is sent there; the text is ours and may be shown."""


class AddressRefused(DestinationRefused):
    """The name leads to an address where nothing is sent."""


async def system_look_up(name: str, port: int) -> list[str]:
    """What the system's resolver answers.

    Raises:
        OSError: the name cannot be resolved.
    """
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def admitted_url(base_url: str, path: str, internal: Mapping[str, tuple[str, int]]) -> URL:
    """Where to send a request; judged anew, for the operator's map may have changed since it was kept.

    Raises:
        DestinationRefused: an address in the place of a name, or plain HTTP to what is not internal.
    """
    url = URL(base_url + path, encoded=True)
    # The client asks no resolver for an address, so that one would never be judged.
    if not HOST_NAME.fullmatch(url.host or ""):
        raise DestinationRefused("the URL has no DNS name")
    if url.scheme != "https" and f"{url.host}:{url.port}" not in internal:
        raise DestinationRefused("the URL is not https")
    return url


class JudgingResolver(AbstractResolver):
    """Resolves a name once, for the connection that is being made, and judges every address.

    Args:
        internal: the operator's own services, `name:port` → address and port; not judged.
        look_up: asks the DNS.
    """

    def __init__(self, internal: Mapping[str, tuple[str, int]], look_up: LookUp) -> None:
        self._internal = internal
        self._look_up = look_up

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 the client's interface; both are asked for
    ) -> list[ResolveResult]:
        """The addresses to connect to.

        Raises:
            AddressRefused: one of them is not public.
            OSError: the name cannot be resolved.
        """
        internal = self._internal.get(f"{host}:{port}")
        if internal is not None:
            return [_result(host, *internal)]
        addresses = await self._look_up(host, port)
        if not all_public(addresses):
            raise AddressRefused("the name leads to an address that is not public")
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Nothing is held."""


def open_session(
    internal: Mapping[str, tuple[str, int]], look_up: LookUp, stall: float
) -> aiohttp.ClientSession:
    """A client that keeps nothing: no cookie, no proxy, no connection that two tenants could share.

    Args:
        stall: seconds without a byte after which the other side counts as silent.
    """
    connector = aiohttp.TCPConnector(
        resolver=JudgingResolver(internal, look_up),
        use_dns_cache=False,
        force_close=True,
        # Whoever sends is bounded; a bound here would let one tenant's silent endpoint take all.
        limit=0,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=stall, sock_read=stall),
    )


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )
