"""The forms in which a text may leave a place: each one a way in which somebody could hide it."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A text in one spelling.

    Attributes:
        name: of the spelling, for reports.
        content: the text in it.
        bytes_per_character: how much of `content` one character of the text takes, rounded up.
    """

    name: str
    content: bytes
    bytes_per_character: int


def forms_of(text: str) -> Iterator[Form]:
    """The forms of a text of ASCII letters and digits."""
    plain = text.encode("ascii")
    yield Form("plain", plain, 1)
    yield Form("reversed", plain[::-1], 1)
    yield Form("upper case", plain.upper(), 1)
    yield Form("lower case", plain.lower(), 1)
    yield Form("hex", plain.hex().encode(), 2)
    yield Form("hex", plain.hex().upper().encode(), 2)
    for case in (str.lower, str.upper):
        yield Form("url", "".join(f"%{case(f'{byte:02x}')}" for byte in plain).encode(), 3)
        yield Form("json escapes", "".join(f"\\u00{case(f'{byte:02x}')}" for byte in plain).encode(), 6)
    yield Form("utf-16", text.encode("utf-16-le"), 2)
    yield Form("utf-16", text.encode("utf-16-be"), 2)
    yield from _in_base64(plain)


def _in_base64(plain: bytes) -> Iterator[Form]:
    """Where in a group of three the text begins is up to what stands before it: three spellings.

    The characters at both ends are mixed with the neighbours' bits and left out. Letters and digits
    never give `+` or `/`, so the alphabet for URLs is the same.
    """
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + plain)
        whole = (before + len(plain)) // 3 * 4
        yield Form("base64", encoded[4 if before else 0 : whole], 2)
