"""The binary format that components and core modules share: numbers, names, sections.

After the WebAssembly core specification, chapter 5 (binary format), and the component model's Binary.md.
Any bytes give values or a `PackageRefused`.
"""

from collections.abc import Iterator
from typing import NoReturn

from aei_inspection.problems import entry_pointer, refuse, shown
from aei_protocol.manifest import COMPONENT_NAME

PREAMBLE = b"\x00asm\x0d\x00\x01\x00"
CORE_PREAMBLE = b"\x00asm\x01\x00\x00\x00"
PLACE = entry_pointer(COMPONENT_NAME)

MAX_SECTIONS = 20_000
MAX_NESTING = 16
MAX_NAME = 512

CORE_MODULE, COMPONENT = 1, 4


class Reader:
    """A place in the bytes; every reading moves it on or refuses."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that are not read yet."""
        return len(self._content) - self._at

    def take(self, size: int) -> memoryview:
        """The next `size` bytes."""
        if size > self.left:
            malformed("it breaks off in the middle of a section")
        self._at += size
        return self._content[self._at - size : self._at]

    def byte(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def u32(self) -> int:
        """An unsigned LEB128 number of at most 32 bits."""
        value = 0
        for shift in range(0, 35, 7):
            part = self.byte()
            value |= (part & 0x7F) << shift
            if part < 0x80:
                break
        if part >= 0x80 or value >= 1 << 32:
            malformed("a number is longer than 32 bits")
        return value

    def signed(self, bits: int) -> int:
        """A signed LEB128 number of at most `bits` bits (32 or 64)."""
        value = 0
        for shift in range(0, bits + 6, 7):
            part = self.byte()
            value |= (part & 0x7F) << shift
            if part < 0x80:
                break
        if part >= 0x80:
            malformed(f"a number is longer than {bits} bits")
        return value - (1 << (shift + 7)) if part & 0x40 else value

    def name(self) -> str:
        """A length and as many bytes of UTF-8."""
        size = self.u32()
        if size > MAX_NAME:
            malformed(f"an import or export has a name of more than {MAX_NAME} bytes")
        try:
            return bytes(self.take(size)).decode("utf-8")
        except UnicodeDecodeError:
            malformed("an import or export has a name that is not UTF-8")


def component_sections(content: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Nesting depth, id and body of every section of a component and of those nested in it."""
    waiting = [(0, content)]
    seen = 0
    while waiting:
        nesting, component = waiting.pop()
        if component[: len(PREAMBLE)] != PREAMBLE:
            malformed("a nested component has no preamble")
        for section, body in sections(component[len(PREAMBLE) :]):
            seen += 1
            if seen > MAX_SECTIONS or nesting > MAX_NESTING:
                malformed(f"it has more than {MAX_SECTIONS} sections or {MAX_NESTING} levels")
            yield nesting, section, body
            if section == COMPONENT:
                waiting.append((nesting + 1, body))


def sections(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Id and body of each section after a preamble."""
    reader = Reader(content)
    while reader.left:
        section = reader.byte()
        yield section, reader.take(reader.u32())


def malformed(how: str) -> NoReturn:
    """Refuse the component.

    Raises:
        PackageRefused: `component_malformed`, always.
    """
    message = f"plugin.wasm can't be read: {shown(how)}; build it again with `aei plugin build`."
    raise refuse("component_malformed", PLACE, message)
