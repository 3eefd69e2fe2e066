"""One request to one endpoint: sent once, read with suspicion, ended in time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from aei_marketplace.adapters.connections import (
    AddressRefused,
    DestinationRefused,
    LookUp,
    admitted_url,
    open_session,
    system_look_up,
)
from aei_marketplace.adapters.model_endpoints.chat import ChatAnswer
from aei_marketplace.adapters.model_endpoints.embeddings import EmbeddingsAnswer
from aei_marketplace.adapters.model_endpoints.failures import EndpointFailed, too_large
from aei_marketplace.ground.ports import EndpointCall, ModelReply, model_failure

#: The longest answer that is read whole, and the longest that a guest is given.
LARGEST_BODY = 4 * 1024 * 1024
_CHUNK = 64 * 1024
_PATH = {"chat": "/chat/completions", "embed": "/embeddings"}

Answer = ChatAnswer | EmbeddingsAnswer


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the client waits, in seconds.

    Attributes:
        total: for the whole answer.
        stall: without a single byte.
    """

    total: float = 120.0
    stall: float = 30.0


class ModelEndpointClient:
    """Asks endpoints of the common chat-completion API.

    Args:
        internal: the operator's own services, `name:port` → address and port.
        look_up: asks the DNS.
    """

    def __init__(
        self,
        internal: Mapping[str, tuple[str, int]],
        patience: Patience | None = None,
        look_up: LookUp = system_look_up,
    ) -> None:
        self._internal = internal
        self._patience = patience or Patience()
        self._look_up = look_up
        self._session: aiohttp.ClientSession | None = None

    def is_internal(self, name: str, port: int) -> bool:
        """Whether the operator runs this service."""
        return f"{name}:{port}" in self._internal

    async def ask(self, call: EndpointCall) -> ModelReply:
        """Send one request, once; never again after a failure, for it may have cost already."""
        answer: Answer = ChatAnswer(call) if call.kind == "chat" else EmbeddingsAnswer(call)
        exchange = _Exchange(call, answer)
        try:
            async with asyncio.timeout(self._patience.total):
                await exchange.run(
                    self._client(), admitted_url(call.base_url, _PATH[call.kind], self._internal)
                )
            document = answer.document()
        except TimeoutError:
            return model_failure("timeout", "the endpoint gave no complete answer in time", exchange.cost)
        except (EndpointFailed, DestinationRefused) as failed:
            return model_failure("failed", str(failed), exchange.cost)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Only the kind: texts of errors can hold what was sent, the key among it.
            return model_failure("failed", f"no answer: {type(error).__name__}", exchange.cost)
        if len(document) > LARGEST_BODY:
            return model_failure("failed", f"the answer has more than {LARGEST_BODY:,} bytes", exchange.cost)
        return ModelReply(document.decode(), exchange.cost)

    async def close(self) -> None:
        """Close the client, if it was ever needed."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = open_session(self._internal, self._look_up, self._patience.stall)
        return self._session


class _Exchange:
    """A request on its way, and what it has cost."""

    def __init__(self, call: EndpointCall, answer: Answer) -> None:
        self._call = call
        self._answer = answer
        self._taken = False

    @property
    def cost(self) -> int:
        """Tokens so far; none until the endpoint can have begun to work."""
        return self._answer.tokens if self._taken else 0

    async def run(self, session: aiohttp.ClientSession, url: Any) -> None:
        """Send and read.

        Raises:
            EndpointFailed, DestinationRefused: no answer that can be used.
            aiohttp.ClientError, OSError, TimeoutError: no answer.
        """
        request = session.post(url, data=self._body(), headers=self._headers(), allow_redirects=False)
        self._taken = True
        try:
            async with request as response:
                self._check_status(response)
                if response.content_type == "text/event-stream":
                    await self._read_stream(response)
                else:
                    await self._read_whole(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, AddressRefused):
            self._taken = False
            raise

    def _body(self) -> bytes:
        stream = {"stream": True, "stream_options": {"include_usage": True}}
        streams = self._call.streaming and self._call.kind == "chat"
        return msgspec.json.encode({**self._call.body, **(stream if streams else {})})

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "aei-marketplace",
        }
        return headers if self._call.key is None else {**headers, "Authorization": f"Bearer {self._call.key}"}

    def _check_status(self, response: aiohttp.ClientResponse) -> None:
        if response.status != 200:
            # Refused before any work; its words may repeat the key and are not even read.
            self._taken = False
            raise EndpointFailed(f"the endpoint answered with status {response.status}")
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise EndpointFailed("the endpoint's answer is compressed, which was not asked for")

    async def _read_stream(self, response: aiohttp.ClientResponse) -> None:
        async for chunk in response.content.iter_any():
            if self._answer.feed(chunk):
                return

    async def _read_whole(self, response: aiohttp.ClientResponse) -> None:
        if response.content_type != "application/json":
            raise EndpointFailed("the endpoint answered with something that is no JSON")
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > LARGEST_BODY:
                raise too_large("an answer", LARGEST_BODY)
        self._answer.read(bytes(body))
