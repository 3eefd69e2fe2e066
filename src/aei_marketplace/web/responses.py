"""Answers: JSON by msgspec, pages of lists, server-sent events."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import Response
from starlette.responses import StreamingResponse

from aei_marketplace.ground.paging import Page

_encoder = msgspec.json.Encoder()


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response; takes what msgspec encodes (dataclasses, dates, UUIDs among them)."""
    return Response(_encoder.encode(value), status, headers, media_type="application/json")


def page_answer(page: Page, shape: Callable[[Any], Any]) -> Response:
    """A list in the API's envelope, each item in its public shape."""
    items = [shape(item) for item in page.items]
    return json_answer({"items": items, "next_cursor": page.next_cursor, "total": page.total})


def kept_answer(content: bytes, file_name: str) -> Response:
    """A file that a browser keeps and never opens in place (RFC 6266, section 4.3)."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file_name, safe='')}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(content, headers=headers, media_type="application/octet-stream")


def matches(header: str | None, etag: str) -> bool:
    """Whether `If-Match` or `If-None-Match` names the tag (RFC 9110, section 13.1); no header names none."""
    named = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return etag in named or "*" in named


def events_answer(events: AsyncIterator[bytes]) -> StreamingResponse:
    """A stream of server-sent events."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def event(kind: str, value: Any) -> bytes:
    """One server-sent event."""
    return b"event: " + kind.encode() + b"\ndata: " + _encoder.encode(value) + b"\n\n"


def text_event(kind: str, text: str) -> bytes:
    """One server-sent event that carries a text, for example a piece of a page."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {kind}\n{lines}\n".encode()


#: A comment that keeps idle connections open.
HEARTBEAT = b": still here\n\n"
