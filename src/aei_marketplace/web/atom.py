"""Atom 1.0 (RFC 4287): what all feeds have in common."""

import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from fastapi import Request, Response

from aei_marketplace.web.responses import matches

ATOM = "http://www.w3.org/2005/Atom"
_TYPE = "application/atom+xml"
#: The date of a feed that has told nothing yet.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
#: What XML 1.0, section 2.2, has no way to write, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def begin_feed(own: str, title: str, updated: datetime) -> Element:
    """A feed without entries.

    Args:
        own: its address, which is its id too.
        updated: when it told something last.
    """
    root = Element("feed", xmlns=ATOM)
    add_text(root, "id", own)
    add_text(root, "title", title)
    add_date(root, updated)
    SubElement(root, "link", rel="self", type=_TYPE, href=own)
    return root


def add_text(parent: Element, name: str, text: str) -> None:
    """An element with a text in it; what XML cannot write is replaced."""
    SubElement(parent, name).text = writable(text)


def add_date(parent: Element, moment: datetime) -> None:
    """When a feed or an entry changed last."""
    date = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    add_text(parent, "updated", date)


def writable(text: str) -> str:
    """A text with only what XML can write."""
    return _UNWRITABLE.sub("\ufffd", text)


def written(root: Element) -> bytes:
    """The document."""
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def feed_answer(request: Request, content: bytes, changed_at: datetime | None = None) -> Response:
    """A feed that everybody gets alike, or 304 when the caller has it already.

    Args:
        changed_at: when it told something last, for callers to see; the date alone decides nothing: an
            entry that leaves makes no feed newer.
    """
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=300"}
    if changed_at is not None:
        headers["Last-Modified"] = format_datetime(changed_at, usegmt=True)
    if matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=f"{_TYPE}; charset=utf-8")
