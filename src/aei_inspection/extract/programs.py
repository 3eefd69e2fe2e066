"""Programs that lie in the data of another: told by their headers, not by their first bytes alone.

A plugin that knows file types holds the first bytes of many; a program goes on as its format says.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal

_PE_HEADER = 256


def programs_in(content: bytes) -> Iterator[tuple[str, int]]:
    """The first program of each kind, with its offset: WebAssembly, ELF, Mach-O, Windows."""
    for kind, start, goes_on in _KINDS:
        places = (match.start() for match in start.finditer(content))
        if (found := next((at for at in places if goes_on(content, at)), None)) is not None:
            yield kind, found


def _wasm(content: bytes, at: int) -> bool:
    """A first section of a known id, whose size fits (WebAssembly core, 5.5.2)."""
    head = content[at + 8 : at + 14]
    size, shift = 0, 0
    for part in head[1:]:
        size |= (part & 0x7F) << shift
        shift += 7
        if part < 0x80:
            return 1 <= head[0] <= 13 and 0 < size <= len(content) - at - 9 - shift // 7
    return False


def _elf(content: bytes, at: int) -> bool:
    """A type and a version that are defined (System V ABI, chapter 4)."""
    order: Literal["little", "big"] = "little" if content[at + 5] == 1 else "big"
    kind = int.from_bytes(content[at + 16 : at + 18], order)
    version = int.from_bytes(content[at + 20 : at + 24], order)
    return 1 <= kind <= 4 and version == 1


def _mach_o(content: bytes, at: int) -> bool:
    """A type of file and a number of commands that can be (loader.h)."""
    kind, commands = (int.from_bytes(content[at + n : at + n + 4], "little") for n in (12, 16))
    return 1 <= kind <= 12 and 1 <= commands <= 1_000


def _windows(content: bytes, at: int) -> bool:
    """The header before the message that a PE file has for DOS."""
    return b"MZ" in content[max(0, at - _PE_HEADER) : at]


_KINDS: tuple[tuple[str, re.Pattern[bytes], Callable[[bytes, int], bool]], ...] = (
    ("WebAssembly", re.compile(rb"\0asm[\x01\x0d]\0[\0\x01]\0"), _wasm),
    ("ELF", re.compile(rb"\x7fELF[\x01\x02][\x01\x02]\x01"), _elf),
    ("Mach-O", re.compile(rb"[\xce\xcf]\xfa\xed\xfe"), _mach_o),
    ("Windows", re.compile(rb"This program cannot be run in DOS mode"), _windows),
)
