"""Texts behind simple encodings: base64, hexadecimal, escapes, lists of character codes, mirrored, rotated.

Whoever hides an address or a script writes it so that a search for it fails and a short expression brings it
back. What is tried here are those expressions; a cipher with a key is beyond it.
"""

import base64
import binascii
import bz2
import codecs
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

#: A decoded text is decoded again so often, and no text grows beyond so many bytes.
MAX_DEPTH = 3
MAX_DECODED = 4 * 1024 * 1024
#: Pieces of one text that are tried for each encoding.
MAX_PIECES = 400_000

_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/_=-])")
#: Lines of equal length, as MIME and PEM break them; the last may be shorter.
_WRAPPED = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}(?:\\n|\r?\n)[ \t]*){2,}[A-Za-z0-9+/]{0,76}={0,2}")
_BASE32 = re.compile(rb"(?<![A-Z2-7=])[A-Z2-7]{24,}={0,6}(?![A-Za-z0-9=])")
_BASE85 = re.compile(rb"(?<![!-~])[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{20,}(?![!-~])")
_QUOTED85 = re.compile(rb"[\"']([0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{20,})[\"']")
_HEX = re.compile(rb"(?<![0-9A-Za-z])(?:0x)?((?:[0-9a-fA-F]{2}){8,})(?![0-9A-Za-z])")
_ESCAPES = re.compile(
    rb"(?:h(?:t(?:tp?)?)?)?(?:\\x[0-9a-fA-F]{2}|\\u00[0-9a-fA-F]{2}|\\u\{[0-9a-fA-F]{2}\})"
    rb"(?:\\x[0-9a-fA-F]{2}|\\u00[0-9a-fA-F]{2}|\\u\{[0-9a-fA-F]{2}\}|[!-~]){3,}"
)
_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})|\\u00([0-9a-fA-F]{2})|\\u\{([0-9a-fA-F]{2})\}")
_PERCENT = re.compile(rb"(?:%[0-9a-fA-F]{2}){6,}")
_CODES = re.compile(
    rb"(?<![\w.])(?:(?:0x[0-9a-fA-F]{1,2}|\d{1,3})\s*,\s*){7,}(?:0x[0-9a-fA-F]{1,2}|\d{1,3})(?![\w.])"
)
_CALLS = re.compile(
    rb"(?:(?:chr|fromCharCode|fromCodePoint|char)\s*\(\s*(?:0x[0-9a-fA-F]{1,2}|\d{1,3})\s*\)[^\w\"']{0,6}(?:String\.)?){6,}"
)
_NUMBER = re.compile(rb"0x[0-9a-fA-F]{1,2}|\d{1,3}")
#: Only the end is searched for: a search from the beginning would take forever in a text without blanks.
_MIRRORED = re.compile(rb"//:(?:s?ptth|ssw|sw|ptf)(?![A-Za-z])")
_LONGEST_MIRRORED = 400
_NO_ADDRESS = re.compile(rb"[^!-~]|[\"'`]")
_ROTATED = re.compile(rb"(?<![A-Za-z])(?:uggcf?|jff?)://[!-~]{3,400}")

_ASSET = re.compile(
    rb"data:(?:image|font|audio|video|application/(?:json|font|x-font|octet-stream))[\w/+.;=-]{0,60},$"
    rb"|sourceMappingURL=\S{0,60}$"
)
_PACKED: tuple[tuple[bytes, Callable[[], object]], ...] = (
    (b"\x1f\x8b\x08", lambda: zlib.decompressobj(zlib.MAX_WBITS | 16)),
    (b"\x78\x01", zlib.decompressobj),
    (b"\x78\x5e", zlib.decompressobj),
    (b"\x78\x9c", zlib.decompressobj),
    (b"\x78\xda", zlib.decompressobj),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(memlimit=64 * 1024 * 1024)),
)
#: Beginnings of what is no text and yet wanted: programs, archives, modules, CPython's marshalled code.
_BINARIES = (b"\x7fELF", b"MZ", b"PK\x03\x04", b"\0asm", b"\xcf\xfa\xed\xfe", b"\xe3\0\0\0", b"c\0\0\0\0")
_TEXT_SHARE = 0.95


class TooManyPieces(ValueError):
    """A text holds more pieces that look encoded than are tried."""


@dataclass(frozen=True)
class Decoded:
    """What an encoded piece says.

    Attributes:
        how: the encodings, outermost first: `base64`, `base64, zlib`.
        at: where the piece begins in the text, in bytes.
        content: text, or a binary of a known kind.
    """

    how: str
    at: int
    content: bytes


@lru_cache(maxsize=64)
def decoded(text: bytes) -> tuple[Decoded, ...]:
    """Everything that a text says behind encodings, layers within layers, each as far as it makes sense.

    Kept, because several checks ask for the same text.

    Raises:
        TooManyPieces: it can't be told.
    """
    return tuple(_decoded(text, MAX_DEPTH))


def _decoded(text: bytes, depth: int) -> Iterator[Decoded]:
    if depth == 0:
        return
    for how, at, raw in _pieces(text):
        layers, content = _unpacked(how, raw)
        if _sensible(content):
            yield Decoded(layers, at, content)
            yield from (Decoded(f"{layers}, {d.how}", at, d.content) for d in _decoded(content, depth - 1))


def is_asset(text: bytes, at: int) -> bool:
    """Whether a piece is a picture, a font or a map of a page: data that is shown, and never run."""
    return bool(_ASSET.search(text[max(0, at - 120) : at]))


def _pieces(text: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Encoding, place and bytes of each piece that has the form of an encoded one."""
    for how, pattern, decode in _FORMS:
        for tried, match in enumerate(pattern.finditer(text)):
            if tried > MAX_PIECES:
                # To stop quietly would let the next piece pass behind so many decoys.
                raise TooManyPieces(f"more than {MAX_PIECES:,} pieces look like {how}")
            content = decode(match)
            if content:
                yield how, match.start(), content


def _base64(match: re.Match[bytes]) -> bytes:
    raw = re.sub(rb"\s|\\n", b"", match[0]).rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    if len(raw) % 4 == 1 or len(raw) > MAX_DECODED:
        return b""
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return b""


def _base32(match: re.Match[bytes]) -> bytes:
    raw = match[0].rstrip(b"=")
    try:
        return base64.b32decode(raw + b"=" * (-len(raw) % 8))
    except binascii.Error:
        return b""


def _base85(match: re.Match[bytes]) -> bytes:
    raw = match[match.re.groups]
    if raw.isalnum() or len(raw) > MAX_DECODED:
        # Names; eighty-five letters rarely leave out all that are none.
        return b""
    try:
        return base64.b85decode(raw)
    except ValueError:
        return b""


def _hex(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode())


def _escapes(match: re.Match[bytes]) -> bytes:
    if len(_ESCAPE.findall(match[0])) < 4:
        return b""
    return _ESCAPE.sub(lambda e: bytes([int(e[1] or e[2] or e[3], 16)]), match[0])


def _percent(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[0].replace(b"%", b"").decode())


def _codes(match: re.Match[bytes]) -> bytes:
    """Character codes as they stand, or moved by what makes an address of them (`http`)."""
    numbers = [int(n, 0) if n[:2] == b"0x" else int(n) for n in _NUMBER.findall(match[0])]
    if max(numbers) > 255:
        return b""
    key, shift = numbers[0] ^ ord("h"), numbers[0] - ord("h")
    changed = (bytes(n ^ key for n in numbers), bytes((n - shift) % 256 for n in numbers))
    return next((each for each in changed if each.startswith((b"http://", b"https://"))), bytes(numbers))


def _mirrored(match: re.Match[bytes]) -> bytes:
    before = match.string[max(0, match.start() - _LONGEST_MIRRORED) : match.start()]
    return match[0][::-1] + _NO_ADDRESS.split(before[::-1], maxsplit=1)[0]


def _rotated(match: re.Match[bytes]) -> bytes:
    return codecs.encode(match[0].decode("ascii"), "rot13").encode()


_FORMS: tuple[tuple[str, re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]], ...] = (
    ("base64", _WRAPPED, _base64),
    ("base64", _BASE64, _base64),
    ("base32", _BASE32, _base32),
    ("base85", _BASE85, _base85),
    ("base85", _QUOTED85, _base85),
    ("hexadecimal", _HEX, _hex),
    ("escapes", _ESCAPES, _escapes),
    ("percent", _PERCENT, _percent),
    ("character codes", _CALLS, _codes),
    ("character codes", _CODES, _codes),
    ("mirrored", _MIRRORED, _mirrored),
    ("rot13", _ROTATED, _rotated),
)


def _unpacked(how: str, raw: bytes) -> tuple[str, bytes]:
    """The bytes, inflated if they are a compressed stream; as they are if that fails."""
    for magic, decompressor in _PACKED:
        if raw.startswith(magic):
            try:
                content = decompressor().decompress(raw, MAX_DECODED)  # type: ignore[attr-defined] # three kinds, one method
            except (zlib.error, OSError, lzma.LZMAError, EOFError):
                continue
            return f"{how}, compressed", content
    return how, raw


def _sensible(content: bytes) -> bool:
    """Whether it is text or a known kind of binary; chance gives neither in six bytes and more."""
    if content.startswith(_BINARIES) and len(content) > 16:
        return True
    if len(content) < 6:
        return False
    sample = content[:4096]
    printable = len(sample) - len(sample.translate(None, _PRINTABLE))
    return printable >= _TEXT_SHARE * len(sample)


_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"
