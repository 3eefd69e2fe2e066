"""Requests to OpenID providers: to public addresses or the operator's own services, small and soon over."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import aiohttp
import msgspec

from aei_marketplace.adapters.connections import (
    DestinationRefused,
    LookUp,
    admitted_url,
    open_session,
    system_look_up,
)
from aei_marketplace.ground.ports import CodeExchange, ProviderFailed

LARGEST_ANSWER = 256 * 1024
PATIENCE_S = 10.0


class IdentityProviderClient:
    """Asks OpenID providers.

    Args:
        internal: the operator's own services, `name:port` → address and port; plain HTTP is fine there.
        look_up: asks the DNS.
    """

    def __init__(self, internal: Mapping[str, tuple[str, int]], look_up: LookUp = system_look_up) -> None:
        self._internal = internal
        self._look_up = look_up

    async def get(self, url: str) -> Mapping[str, Any]:
        """As `IdentityProviders.get`."""
        return await self._ask("GET", url, {}, None)

    async def exchange(self, exchange: CodeExchange) -> Mapping[str, Any]:
        """As `IdentityProviders.exchange`."""
        headers, form = {}, {**exchange.form}
        if exchange.client_secret is not None and exchange.basic:
            headers["Authorization"] = _basic(exchange.client_id, exchange.client_secret)
        else:
            form["client_id"] = exchange.client_id
            form.update({"client_secret": exchange.client_secret} if exchange.client_secret else {})
        return await self._ask("POST", exchange.endpoint, headers, form)

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Mapping[str, Any]:
        try:
            target = admitted_url(url, "", self._internal)
            async with (
                asyncio.timeout(PATIENCE_S),
                open_session(self._internal, self._look_up, PATIENCE_S) as session,
                session.request(
                    method,
                    target,
                    data=form,
                    headers={"Accept": "application/json", **headers},
                    allow_redirects=False,
                ) as response,
            ):
                return _object(response.status, await _read(response))
        except (DestinationRefused, TimeoutError) as failed:
            raise ProviderFailed(str(failed) or "no answer in time") from failed
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Only the kind: texts of errors can hold what was sent, a code or a secret among it.
            raise ProviderFailed(f"no answer: {type(error).__name__}") from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for piece in response.content.iter_chunked(16 * 1024):
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise ProviderFailed(f"the answer has more than {LARGEST_ANSWER:,} bytes")
    return bytes(content)


def _object(status: int, content: bytes) -> Mapping[str, Any]:
    if status != 200:
        raise ProviderFailed(f"the answer has status {status}")
    try:
        document = msgspec.json.decode(content)
    except msgspec.DecodeError:
        raise ProviderFailed("the answer is no JSON") from None
    if not isinstance(document, dict):
        raise ProviderFailed("the answer is no JSON object")
    return document


def _basic(client_id: str, secret: str) -> str:
    """HTTP Basic with both parts form-encoded first, as RFC 6749, 2.3.1, wants it."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
