"""The HTTP client under `fetch`. Loaded with the first request: most hosts never need it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from aei_protocol.addresses import all_public
from aei_sandbox.broker.exchange import Body, ExchangeFailed
from aei_sandbox.broker.target import NotGranted, Target

_CHUNK = 64 * 1024
_MOST_CONNECTIONS = 100

#: Name and port → addresses.
LookUp = Callable[[str, int], Awaitable[list[str]]]


async def system_look_up(name: str, port: int) -> list[str]:
    """What the system's resolver answers.

    Raises:
        OSError: the name cannot be resolved.
    """
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class JudgingResolver(AbstractResolver):
    """Resolves a name once, for the connection that is being made, and judges every address.

    One address that is not public refuses the name: whoever answers that way is mistaken or hostile.

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
            NotGranted: one of them is not public.
            OSError: the name cannot be resolved.
        """
        internal = self._internal.get(f"{host}:{port}")
        if internal is not None:
            return [_result(host, *internal)]
        addresses = await self._look_up(host, port)
        if not all_public(addresses):
            raise NotGranted(host, f"{host} has no public address")
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Nothing is held."""


class Transport:
    """Sends one request and reads one response; no redirect, cookie, proxy or kept connection.

    Connections are not kept, so that none is ever shared by two tenants.
    """

    def __init__(self, internal: Mapping[str, tuple[str, int]], look_up: LookUp = system_look_up) -> None:
        connector = aiohttp.TCPConnector(
            resolver=JudgingResolver(internal, look_up),
            use_dns_cache=False,
            force_close=True,
            limit=_MOST_CONNECTIONS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=("Accept-Encoding", "User-Agent", "Content-Type"),
        )

    async def send(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body.

        Raises:
            NotGranted: the name leads to an address that is not public.
            TooLarge, Undecodable: see `exchange`.
            ExchangeFailed: no answer could be got.
        """
        try:
            return await self._send(method, target, headers, body)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise ExchangeFailed(type(error).__name__) from error

    async def close(self) -> None:
        """Close the client."""
        await self._session.close()

    async def _send(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        path, _, query = target.rest.partition("?")
        url = URL.build(
            scheme=target.scheme,
            host=target.name,
            port=target.port,
            path=path,
            query_string=query,
            encoded=True,
        )
        sent = {"User-Agent": "aei-plugin", **headers, "Accept-Encoding": "identity"}
        async with self._session.request(
            method, url, headers=sent, data=body, allow_redirects=False
        ) as response:
            content = Body(response.headers.get("Content-Encoding", "").strip().lower())
            async for chunk in response.content.iter_chunked(_CHUNK):
                content.add(chunk)
            return response.status, [(str(n), str(v)) for n, v in response.headers.items()], content.content()


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )
