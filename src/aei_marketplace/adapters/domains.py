"""What stands on a domain: its TXT records and one small file.

DNS questions go over TCP (RFC 7766): an answer of any size comes whole, and nobody off the path can slip
in one of theirs.
"""

import asyncio
import secrets
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import aiohttp

from aei_marketplace.adapters.connections import (
    DestinationRefused,
    LookUp,
    admitted_url,
    open_session,
    system_look_up,
)
from aei_marketplace.ground.ports import DomainSilent

LARGEST_FILE = 4096
PATIENCE_S = 10.0
_RESOLVERS = Path("/etc/resolv.conf")
_TXT, _INTERNET = 16, 1
_NO_ERROR, _NO_SUCH_NAME = 0, 3


class DomainClient:
    """Asks the system's resolvers, and the domain's own web server at public addresses.

    Args:
        internal: the operator's own services, `name:port` → address and port; at port 80 plain HTTP.
        look_up: asks for addresses.
        resolvers: address and port of each that is asked for records, in their order; None for the system's.
    """

    def __init__(
        self,
        internal: Mapping[str, tuple[str, int]],
        look_up: LookUp = system_look_up,
        resolvers: Sequence[tuple[str, int]] | None = None,
    ) -> None:
        self._internal = internal
        self._look_up = look_up
        self._resolvers = resolvers

    async def text_records(self, name: str) -> Sequence[str]:
        """As `Domains.text_records`."""
        resolvers = system_resolvers() if self._resolvers is None else self._resolvers
        problem = "no resolver is known"
        for host, port in resolvers:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await _ask(host, port, name)
            except (OSError, TimeoutError, EOFError, ValueError) as error:
                problem = str(error) or type(error).__name__
        raise DomainSilent(f"the DNS does not answer for {name}: {problem}")

    async def read_file(self, domain: str, path: str) -> str:
        """As `Domains.read_file`."""
        scheme = "http" if f"{domain}:80" in self._internal else "https"
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                open_session(self._internal, self._look_up, PATIENCE_S) as session,
                session.get(
                    admitted_url(f"{scheme}://{domain}", path, self._internal), allow_redirects=False
                ) as response,
            ):
                if response.status != 200:
                    raise DomainSilent(f"{domain}{path} is answered with status {response.status}")
                return await _text(response)
        except (DestinationRefused, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DomainSilent(f"{domain} gives no file: {error or type(error).__name__}") from error


def system_resolvers() -> list[tuple[str, int]]:
    """The resolvers of this machine, as resolv.conf(5) names them."""
    try:
        lines = _RESOLVERS.read_text("ascii", "replace").splitlines()
    except OSError:
        lines = []
    named = [line.split()[1] for line in lines if line.startswith("nameserver") and len(line.split()) > 1]
    return [(address, 53) for address in named[:3] or ["127.0.0.1"]]


async def _text(response: aiohttp.ClientResponse) -> str:
    content = bytearray()
    async for piece in response.content.iter_chunked(LARGEST_FILE):
        content += piece
        if len(content) > LARGEST_FILE:
            raise DomainSilent(f"the file has more than {LARGEST_FILE} bytes")
    return content.decode("utf-8", "replace")


async def _ask(host: str, port: int, name: str) -> list[str]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        number = secrets.randbelow(1 << 16)
        question = _question(number, name)
        writer.write(struct.pack("!H", len(question)) + question)
        await writer.drain()
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        return _records(number, len(question), await reader.readexactly(size))
    finally:
        writer.close()


def _question(number: int, name: str) -> bytes:
    """A question for TXT records that wants recursion (RFC 1035, section 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!xHH", _TXT, _INTERNET)


def _records(number: int, size: int, message: bytes) -> list[str]:
    """The TXT records of an answer to a question of this number and size.

    Raises:
        ValueError: it is no answer to it.
    """
    try:
        given, flags, questions, answers, _, _ = struct.unpack_from("!6H", message)
        if given != number or not flags & 0x8000 or questions != 1:
            raise ValueError("the answer is to another question")
        if flags & 0xF == _NO_SUCH_NAME:
            return []
        if flags & 0xF != _NO_ERROR:
            raise ValueError(f"the resolver failed with code {flags & 0xF}")
        return list(_texts(message, size, answers))
    except (struct.error, IndexError) as error:
        raise ValueError("the answer is cut off") from error


def _texts(message: bytes, at: int, answers: int) -> Iterable[str]:
    for _ in range(answers):
        at = _after_name(message, at)
        kind, family, _, size = struct.unpack_from("!HHIH", message, at)
        at += 10
        if at + size > len(message):
            raise IndexError("the record ends outside of the answer")
        if (kind, family) == (_TXT, _INTERNET):
            yield _joined(message[at : at + size])
        at += size


def _after_name(message: bytes, at: int) -> int:
    """Where a name ends; one that points elsewhere ends with its pointer."""
    while (length := message[at]) != 0:
        if length >= 0xC0:
            return at + 2
        at += 1 + length
    return at + 1


def _joined(content: bytes) -> str:
    """A TXT record's strings as one (RFC 1035, section 3.3.14)."""
    text, at = b"", 0
    while at < len(content):
        end = at + 1 + content[at]
        if end > len(content):
            raise IndexError("the string ends outside of its record")
        text, at = text + content[at + 1 : end], end
    return text.decode("utf-8", "replace")
