"""Frames on a stream: four bytes of length (big endian), then that many bytes."""

import asyncio
from collections.abc import Callable
from typing import cast


class FrameLine(asyncio.Protocol):
    """One end of a stream of frames; a frame longer than allowed ends it unread.

    Args:
        largest: longest frame accepted, in bytes; may be changed between frames.
        on_frame: called with each frame's body.
        on_closed: called once, with the reason when this side closed the line, else None.
        on_open: called once, when the line can be written to.
    """

    def __init__(
        self,
        largest: int,
        on_frame: Callable[[bytes], None],
        on_closed: Callable[[str | None], None],
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        self.largest = largest
        self._on_frame = on_frame
        self._on_closed = on_closed
        self._on_open = on_open
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._reason: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._on_open()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._reason is None and len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length > self.largest:
                self.close(f"a frame of {length} bytes, {self.largest} are allowed")
                return
            if len(self._buffer) < 4 + length:
                return
            body = bytes(memoryview(self._buffer)[4 : 4 + length])
            del self._buffer[: 4 + length]
            self._on_frame(body)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 asyncio's interface
        self._on_closed(self._reason)

    def send(self, body: bytes) -> None:
        """Queue one frame; does nothing on a closed line."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(len(body).to_bytes(4, "big") + body)

    def close(self, reason: str) -> None:
        """Close the line, saying why."""
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.close()
