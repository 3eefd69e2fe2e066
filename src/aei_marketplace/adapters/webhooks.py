"""Requests to webhooks: sent once, to a judged address, and never read beyond the status."""

import asyncio
from collections.abc import Mapping

import aiohttp

from aei_marketplace.adapters.connections import (
    DestinationRefused,
    LookUp,
    admitted_url,
    open_session,
    system_look_up,
)
from aei_marketplace.ground.ports import WebhookAnswer

PATIENCE_S = 10.0


class WebhookClient:
    """Posts to webhooks.

    Args:
        internal: services that the operator named, `name:port` → address and port.
        look_up: asks the DNS.
        patience: seconds until an answer's head must have come, in all.
    """

    def __init__(
        self,
        internal: Mapping[str, tuple[str, int]],
        look_up: LookUp = system_look_up,
        patience: float = PATIENCE_S,
    ) -> None:
        self._internal = internal
        self._look_up = look_up
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    def is_internal(self, name: str, port: int) -> bool:
        """Whether the operator named this service."""
        return f"{name}:{port}" in self._internal

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:
        """Send one request, once."""
        try:
            target = admitted_url(url, "", self._internal)
            async with (
                asyncio.timeout(self._patience),
                self._client().post(target, data=body, headers=headers, allow_redirects=False) as response,
            ):
                # The body is left unread: the connection is hung up on, however much would follow.
                return _judged(response.status)
        except DestinationRefused as refused:
            return WebhookAnswer(None, f"nothing was sent: {refused}")
        except TimeoutError:
            return WebhookAnswer(None, f"no answer within {self._patience:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Only the kind: texts of errors can hold parts of what was sent.
            return WebhookAnswer(None, f"no answer: {type(error).__name__}")

    async def close(self) -> None:
        """Close the client, if it was ever needed."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = open_session(self._internal, self._look_up, self._patience)
        return self._session


def _judged(status: int) -> WebhookAnswer:
    if 200 <= status < 300:
        return WebhookAnswer(status)
    if 300 <= status < 400:
        return WebhookAnswer(status, f"answered {status}: redirects are not followed")
    return WebhookAnswer(status, f"answered {status}")
