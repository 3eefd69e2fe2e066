"""`http.fetch`: the guests' one way to the network."""

import asyncio
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from aei_sandbox.broker.answers import Answer, failure
from aei_sandbox.broker.denials import Denials
from aei_sandbox.broker.exchange import (
    LARGEST_BODY,
    BadRequest,
    ExchangeFailed,
    Request,
    TooLarge,
    Undecodable,
    read_request,
    response_text,
)
from aei_sandbox.broker.target import BadUrl, NotGranted, Target, admitted_target

if TYPE_CHECKING:
    from aei_sandbox.broker.transport import Transport

_MOST_REDIRECTS = 5
_LONGEST_SECONDS = 10.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: These prove who somebody is to one host, and are not shown to another.
_CREDENTIALS = frozenset({"authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Permit:
    """What one execution may do with the network.

    Attributes:
        hosts: granted patterns.
        deadline: end of the execution on the event loop's clock.
        denials: where refusals are counted.
        used: where `network` is noted once it was exercised.
    """

    hosts: tuple[str, ...]
    deadline: float
    denials: Denials
    used: set[str]


class Egress:
    """Does the guests' requests.

    Args:
        internal: see `aei_protocol.addresses.read_internal_hosts`.
    """

    def __init__(self, internal: Mapping[str, tuple[str, int]]) -> None:
        self._internal = internal
        self._transport: Transport | None = None

    async def __call__(self, text: str, permit: Permit) -> Answer:
        """Do one request, redirects included; refusals and failures are typed errors, never raised."""
        left = permit.deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(_LONGEST_SECONDS, left)):
                return True, await self._follow(read_request(text), permit)
        except NotGranted as refusal:
            permit.denials.add("network", refusal.host)
            return failure("denied", str(refusal))
        except (BadRequest, BadUrl) as error:
            return failure("invalid", str(error))
        except TimeoutError:
            return failure("timeout", "no complete answer in time")
        except TooLarge:
            return failure("too_large", f"the answer has more than {LARGEST_BODY} bytes")
        except ExchangeFailed as error:
            return failure("failed", f"no answer: {error}")
        except Undecodable:
            return failure("failed", "the answer is compressed in an unknown way")

    async def close(self) -> None:
        """Close the client, if it was ever needed."""
        if self._transport is not None:
            await self._transport.close()

    async def _follow(self, request: Request, permit: Permit) -> str:
        """Every step is decided from scratch."""
        target = admitted_target(request.url, permit.hosts)
        for _ in range(_MOST_REDIRECTS + 1):
            status, headers, body = await self._send(request, target, permit)
            location = next((value for name, value in headers if name.lower() == "location"), None)
            if status not in _REDIRECTS or location is None:
                return response_text(status, headers, body, str(target))
            onward = admitted_target(_absolute(target, location), permit.hosts)
            request, target = redirected(request, status, target, onward), onward
        raise BadRequest(f"more than {_MOST_REDIRECTS} redirects")

    async def _send(
        self, request: Request, target: Target, permit: Permit
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        transport = await self._client()
        body = request.body.encode() if request.body is not None else None
        answer = await transport.send(request.method, target, request.headers, body)
        permit.used.add("network")
        return answer

    async def _client(self) -> "Transport":
        if self._transport is None:
            # In a thread: loading the client takes longer than other executions should wait.
            module = await asyncio.to_thread(importlib.import_module, "aei_sandbox.broker.transport")
            self._transport = self._transport or module.Transport(self._internal)
        return self._transport


def _absolute(base: Target, location: str) -> str:
    try:
        return urljoin(str(base), location)
    except ValueError as error:
        raise BadUrl("the answer redirects to something that is no URL") from error


def redirected(request: Request, status: int, before: Target, after: Target) -> Request:
    """The request that follows a redirect (RFC 9110, 15.4)."""
    method, body = request.method, request.body
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
    headers = request.headers
    if before.origin != after.origin:
        headers = {name: value for name, value in headers.items() if name.lower() not in _CREDENTIALS}
    return Request(url=str(after), method=method, headers=headers, body=body)
