"""The data of server-sent events (WHATWG HTML, "Server-sent events"), out of bytes as they come.

Lines end with LF or CRLF; endings of a lone CR, which no endpoint sends, are not understood.
"""

from collections.abc import Iterator

from aei_marketplace.adapters.model_endpoints.failures import too_large

LARGEST_EVENT = 1024 * 1024


class Events:
    """Reads one stream; looks at each byte once, however it is cut into pieces."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The data of each event that ends in this chunk.

        Raises:
            EndpointFailed: an event grows beyond a mebibyte.
        """
        first, *others = chunk.split(b"\n")
        self._add(first)
        for piece in others:
            yield from self._end_line()
            self._add(piece)

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > LARGEST_EVENT:
            raise too_large("an event", LARGEST_EVENT)
        self._line += piece

    def _end_line(self) -> Iterator[bytes]:
        line, self._line = bytes(self._line).removesuffix(b"\r"), bytearray()
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            return
        data, self._data, self._size = self._data, [], 0
        if data:
            yield b"\n".join(data)
