"""The functions and methods that are computed here, each bounded: what a call makes may be large."""

import base64
import binascii
import codecs
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

MAX_TEXT = 64 * 1024

#: A text, bytes, a number, or a list of them.
Value = Any

#: Places without a width: one of a billion characters would fill the memory.
BRACE_PLACE, PERCENT_PLACE = re.compile(r"\{\d?\}"), re.compile(r"%[sdc]")


def filled(place: re.Pattern[str], text: str, values: Sequence[Value]) -> str:
    """A text with its places filled, in their order."""
    left = iter(values)
    whole = place.sub(lambda _: str(next(left, "")), text)
    return whole if all(isinstance(value, str | int) for value in values) else text


def _with(own: Value, items: Value) -> Value:
    if len(own) * len(items) + sum(map(len, items)) > MAX_TEXT:
        raise OverflowError
    return own.join(items)


def _replaced(own: Value, old: Value, new: Value) -> Value:
    if (own.count(old) + 1) * len(new) + len(own) > MAX_TEXT:
        raise OverflowError
    return own.replace(old, new)


def _decoded(own: Value, codec: Value = "utf-8", *_: Value) -> Value:
    if isinstance(own, str):
        return codecs.decode(own, "rot13") if codec in ("rot13", "rot_13") else own
    return _text(own).decode(codec if codec in ("utf-8", "utf8", "ascii", "latin-1", "latin1") else "utf-8")


def _of_bytes(value: Value = b"", *_: Value) -> bytes:
    if isinstance(value, str):
        return value.encode()
    # A number would make so many zeros.
    return b"" if isinstance(value, int) else bytes(value)


def _text(value: Value) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise TypeError


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "chr": lambda code: chr(code),
    "str": lambda value, *_: value if isinstance(value, str) else _decoded(value),
    "bytes": _of_bytes,
    "bytearray": _of_bytes,
    "reversed": lambda value: value[::-1],
    "list": lambda value: value,
    "tuple": lambda value: value,
    "b64decode": lambda value, *_: base64.b64decode(_text(value)),
    "urlsafe_b64decode": lambda value: base64.urlsafe_b64decode(_text(value)),
    "b32decode": lambda value, *_: base64.b32decode(_text(value)),
    "b85decode": lambda value: base64.b85decode(_text(value)),
    "a85decode": lambda value: base64.a85decode(_text(value)),
    "b16decode": lambda value, *_: base64.b16decode(_text(value), casefold=True),
    "unhexlify": lambda value: binascii.unhexlify(_text(value)),
    "fromhex": lambda value: bytes.fromhex(value),
    "decompress": lambda value, *_: zlib.decompressobj().decompress(_text(value), MAX_TEXT),
    "decode": _decoded,
    "unquote": lambda value: unquote(value),
}

METHODS: Mapping[str, Callable[..., Value]] = {
    "join": _with,
    "replace": _replaced,
    "format": lambda own, *args: filled(BRACE_PLACE, own, args),
    "decode": _decoded,
    "encode": lambda own, *_: own.encode(),
    "lower": lambda own: own.lower(),
    "upper": lambda own: own.upper(),
    "swapcase": lambda own: own.swapcase(),
    "strip": lambda own, *args: own.strip(*args),
    "split": lambda own, *args: own.split(*args),
}
