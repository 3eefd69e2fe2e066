"""What a guest may say in a request and hears in a response; shapes as in `wit/http.wit`."""

import re
import zlib
from collections.abc import Iterable, Mapping

import msgspec

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LARGEST_BODY = 4 * 1024 * 1024
_MOST_HEADERS = 64
_LARGEST_HEADERS = 64 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_VALUE = re.compile(r"[\t -~\x80-\xff]*")
# These belong to the connection or to the framing of the message, not to its sender.
_OURS = frozenset(
    [
        "host",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "expect",
        "accept-encoding",
        "http2-settings",
    ]
)
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_-]+)", re.IGNORECASE)
# Decoders that are linear in their input; others of the standard library are not.
_CHARSETS = frozenset(
    [
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
        "iso-8859-1",
        "latin1",
        "windows-1252",
        "utf-16",
        "utf-16le",
        "utf-16be",
    ]
)


class BadRequest(ValueError):
    """The request is not one that this interface takes."""


class TooLarge(Exception):
    """The response is larger than a guest is given."""


class ExchangeFailed(Exception):
    """No answer could be got; the text names the kind of failure only."""


class Undecodable(Exception):
    """The body is compressed in a way that was not asked for."""


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """What a guest hands to `fetch`."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    body: str | None = None


_read = msgspec.json.Decoder(Request).decode


def read_request(text: str) -> Request:
    """Read and check a request.

    Raises:
        BadRequest: malformed, an unknown method, or a header that is not the guest's to set.
    """
    try:
        request = _read(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"not a request: {error}") from error
    request.method = request.method.upper()
    if request.method not in METHODS:
        raise BadRequest(f"the method is one of {', '.join(sorted(METHODS))}")
    if len(request.headers) > _MOST_HEADERS or _size(request.headers.items()) > _LARGEST_HEADERS:
        raise BadRequest(f"at most {_MOST_HEADERS} headers of {_LARGEST_HEADERS} bytes")
    for name, value in request.headers.items():
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadRequest("a header's name or value has characters that headers cannot have")
        if name.lower() in _OURS:
            raise BadRequest(f"the header {name.lower()} is set by the host")
    return request


def response_text(status: int, headers: Iterable[tuple[str, str]], body: bytes, url: str) -> str:
    """A response as the guest's JSON; headers of the same name are joined by a comma.

    Raises:
        TooLarge: the headers are.
    """
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    if _size(joined.items()) > _LARGEST_HEADERS:
        raise TooLarge
    text = body.decode(charset_of(joined), "replace")
    document = {"status": status, "headers": joined, "body": text, "url": url}
    return msgspec.json.encode(document).decode()


def charset_of(headers: Mapping[str, str]) -> str:
    """The encoding that a response declares, when it is one of the usual; else UTF-8."""
    declared = _CHARSET.search(headers.get("content-type", ""))
    name = declared[1].lower() if declared else "utf-8"
    return name if name in _CHARSETS else "utf-8"


class Body:
    """Collects a response's body, inflated where it comes compressed, and never beyond the limit."""

    def __init__(self, encoding: str) -> None:
        """Prepare for a `Content-Encoding`.

        Raises:
            Undecodable: for anything but identity, gzip and deflate.
        """
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise Undecodable(encoding)
        self._inflate = None if encoding in ("", "identity") else zlib.decompressobj(wbits=47)
        self._parts = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take what came in.

        Raises:
            TooLarge: the body is now longer than the limit.
            Undecodable: it is not compressed as declared.
        """
        room = LARGEST_BODY - len(self._parts) + 1
        if self._inflate is not None:
            try:
                chunk = self._inflate.decompress(chunk, room)
            except zlib.error as error:
                raise Undecodable(str(error)) from error
        self._parts += chunk[:room]
        if len(self._parts) > LARGEST_BODY:
            raise TooLarge

    def content(self) -> bytes:
        """All of it."""
        return bytes(self._parts)


def _size(headers: Iterable[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)
