"""A worker's end of the line to the host: blocking, one frame at a time."""

import os
import socket
from typing import Any

import msgspec

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.decode


class Channel:
    """Frames of four bytes length (big endian) and a MessagePack array `[kind, …]`."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    @property
    def descriptor(self) -> int:
        return self._line.fileno()

    def send(self, *fields: Any) -> None:
        """Send one frame; ends the process when the host is gone."""
        body = _encode(fields)
        try:
            self._line.sendall(len(body).to_bytes(4, "big") + body)
        except OSError:
            os._exit(0)

    def receive(self) -> list[Any]:
        """The host's next frame; ends the process when the host is gone."""
        length = int.from_bytes(self._exactly(4), "big")
        frame: list[Any] = _decode(self._exactly(length))
        return frame

    def _exactly(self, count: int) -> bytes:
        got = self._line.recv(count, socket.MSG_WAITALL)
        while len(got) < count:
            more = self._line.recv(count - len(got), socket.MSG_WAITALL)
            if not more:
                os._exit(0)
            got += more
        return got
