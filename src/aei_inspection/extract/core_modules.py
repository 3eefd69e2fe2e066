"""The core modules of a component, with the data that their memories begin with.

Binary format after the WebAssembly core specification, 5.4 (instructions) and 5.5 (modules).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from aei_inspection.problems import PackageRefused
from aei_inspection.wasm_binary import (
    CORE_MODULE,
    CORE_PREAMBLE,
    Reader,
    component_sections,
    malformed,
    sections,
)

#: Of all modules together.
MAX_SEGMENTS = 500_000
_MAX_OFFSET_STACK = 64
_ADDRESS = 0xFFFFFFFF

_CUSTOM, _DATA = 0, 11
_PASSIVE, _WITH_MEMORY = 1, 2
_I32_CONST, _I64_CONST, _GLOBAL_GET, _END = 0x41, 0x42, 0x23, 0x0B
#: Extended constant expressions: addition, subtraction and multiplication in 32 and 64 bits.
_SUMS = {0x6A: "+", 0x6B: "-", 0x6C: "*", 0x7C: "+", 0x7D: "-", 0x7E: "*"}


@dataclass(frozen=True)
class Segment:
    """A data segment.

    Attributes:
        memory: index of the memory that it fills.
        offset: where it goes, in bytes; None when that is not known before the module runs.
    """

    memory: int
    offset: int | None
    content: memoryview = field(repr=False)


@dataclass(frozen=True)
class CoreModule:
    """A core module.

    Attributes:
        index: its number among the component's modules, as they are met from the outside in.
        segments: in their order; a later one overwrites an earlier.
        producers: what the `producers` section claims, field to (name, version): a hint, for anybody can
            write one.
    """

    index: int
    size: int
    segments: tuple[Segment, ...] = field(repr=False)
    producers: dict[str, tuple[tuple[str, str], ...]]

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"plugin.wasm module {self.index}"


def read_core_modules(component: bytes) -> tuple[CoreModule, ...]:
    """The modules of a component, those of nested components included.

    Raises:
        PackageRefused: `component_malformed`.
    """
    bodies = [
        body for _, section, body in component_sections(memoryview(component)) if section == CORE_MODULE
    ]
    modules = []
    left = MAX_SEGMENTS
    for index, body in enumerate(bodies):
        modules.append(_module(index, body, left))
        left -= len(modules[-1].segments)
    return tuple(modules)


def _module(index: int, content: memoryview, most_segments: int) -> CoreModule:
    if content[: len(CORE_PREAMBLE)] != CORE_PREAMBLE:
        malformed("a core module has no preamble")
    segments: list[Segment] = []
    producers: dict[str, tuple[tuple[str, str], ...]] = {}
    for section, body in sections(content[len(CORE_PREAMBLE) :]):
        if section == _DATA:
            segments.extend(_segments(body, most_segments - len(segments)))
        elif section == _CUSTOM:
            producers |= _producers(body)
    return CoreModule(index, len(content), tuple(segments), producers)


def _segments(body: memoryview, most: int) -> Iterator[Segment]:
    reader = Reader(body)
    count = reader.u32()
    if count > most:
        malformed(f"it has more than {MAX_SEGMENTS} data segments")
    for _ in range(count):
        kind = reader.u32()
        if kind > _WITH_MEMORY:
            malformed("a data segment has an unknown kind")
        memory = reader.u32() if kind == _WITH_MEMORY else 0
        offset = None if kind == _PASSIVE else _offset(reader)
        yield Segment(memory, offset, reader.take(reader.u32()))


def _offset(reader: Reader) -> int | None:
    """The value of a constant expression, modulo 2**32; None when it depends on a global."""
    stack: list[int] = []
    known = True
    while (code := reader.byte()) != _END:
        if code in (_I32_CONST, _I64_CONST):
            stack.append(reader.signed(32 if code == _I32_CONST else 64))
        elif code == _GLOBAL_GET:
            reader.u32()
            known = False
            stack.append(0)
        elif code in _SUMS and len(stack) > 1:
            stack.append(_summed(_SUMS[code], stack.pop(-2), stack.pop()) & _ADDRESS)
        else:
            malformed("the offset of a data segment is no constant")
        if len(stack) > _MAX_OFFSET_STACK:
            malformed("the offset of a data segment is too long")
    return stack.pop() & _ADDRESS if known and stack else None


def _summed(sign: str, one: int, other: int) -> int:
    return one + other if sign == "+" else one - other if sign == "-" else one * other


def _producers(body: memoryview) -> dict[str, tuple[tuple[str, str], ...]]:
    """What a custom section claims, if it is the producers section (tool-conventions, ProducersSection.md).

    Nobody checks such a section, so one that can't be read claims nothing.
    """
    reader = Reader(body)
    try:
        if bytes(reader.take(reader.u32())) != b"producers":
            return {}
        return {
            reader.name(): tuple((reader.name(), reader.name()) for _ in range(reader.u32()))
            for _ in range(reader.u32())
        }
    except PackageRefused:
        return {}
