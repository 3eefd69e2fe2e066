"""The line to a sandbox host: frames, and the messages in them.

A frame is four bytes of length (big endian) and MessagePack `[kind, fields]`, as told in
`aei_protocol.messages`. The host runs strangers' code next door, so nothing it sends is believed
unchecked: what is too long, unknown or misshapen ends the line.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import msgspec
import structlog

from aei_protocol.messages import TO_MARKETPLACE

#: The longest frame that a host has reason to send: the largest output and a journal beside it.
LARGEST_FRAME = 24 * 1024 * 1024

log = structlog.get_logger()

_encode = msgspec.msgpack.Encoder().encode
_envelope = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_known = {kind.__name__: msgspec.msgpack.Decoder(kind) for kind in TO_MARKETPLACE}


class BrokenProtocol(Exception):
    """The other end said something that no sandbox host says; the line is cut."""


class Line(asyncio.Protocol):
    """One connection to a host.

    Args:
        hear: called with each message; may raise BrokenProtocol.
        closed: called once, when the line has ended.
    """

    def __init__(self, hear: Callable[["Line", Any], None], closed: Callable[["Line"], None]) -> None:
        self._hear = hear
        self._closed = closed
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            for body in self._frames():
                self._hear(self, decode(body))
        except BrokenProtocol as broken:
            log.error("sandbox.line_cut", reason=str(broken))
            self.cut()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 asyncio calls it so
        self._closed(self)

    def say(self, message: Any) -> bool:
        """Send one message; False when the line has ended and nothing was sent."""
        if self._transport is None or self._transport.is_closing():
            return False
        body = encode(message)
        self._transport.write(len(body).to_bytes(4, "big") + body)
        return True

    def cut(self) -> None:
        """End the line now; what was not yet sent is dropped."""
        if self._transport is not None:
            self._transport.abort()

    def _frames(self) -> Any:
        buffer = self._buffer
        while len(buffer) >= 4:
            length = int.from_bytes(buffer[:4], "big")
            if length > LARGEST_FRAME:
                raise BrokenProtocol(f"a frame of {length} bytes, at most {LARGEST_FRAME} are taken")
            if len(buffer) < 4 + length:
                return
            body = bytes(memoryview(buffer)[4 : 4 + length])
            del buffer[: 4 + length]
            yield body


def encode(message: Any) -> bytes:
    """The body of the frame that carries a message."""
    return _encode((type(message).__name__, message))


def decode(body: bytes) -> Any:
    """Read a message of a host.

    Raises:
        BrokenProtocol: it is none.
    """
    try:
        kind, fields = _envelope.decode(body)
        return _known[kind].decode(fields)
    except KeyError as unknown:
        raise BrokenProtocol(f"an unknown message {str(unknown)[:80]}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenProtocol(f"a misshapen message: {error}") from error
