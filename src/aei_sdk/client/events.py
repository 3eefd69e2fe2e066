"""Server-sent events, as in the HTML Living Standard, section 9.2."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import StreamReader


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name and its data, read as JSON."""

    name: str
    data: Any


async def read_events(stream: "StreamReader") -> AsyncIterator[Event]:
    """The events of a stream; comments, ids and retry times are passed over."""
    name, data = "message", list[str]()
    async for line in _lines(stream):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield Event(name, json.loads("\n".join(data)))
            name, data = "message", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)


async def _lines(stream: "StreamReader") -> AsyncIterator[str]:
    """Lines of any length; aiohttp's own reader gives up at 128 KiB, and an output may be larger."""
    rest = b""
    async for piece in stream.iter_any():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
