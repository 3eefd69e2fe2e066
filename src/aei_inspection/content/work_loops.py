"""Functions that look like the inner loops of miners: nothing but mixing of bits, again and again.

Instruction encodings after the WebAssembly core specification 2.0, 5.4. Honest hashes, ciphers and
compression look the same, so this justifies a look, never a denial.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aei_inspection.problems import PackageRefused
from aei_inspection.wasm_binary import CORE_MODULE, CORE_PREAMBLE, Reader, component_sections, sections

_CODE = 10
_LOOP = 0x03
#: i32/i64: xor, rotl, rotr, shl, shr_s, shr_u; and, or.
_ROTATIONS = frozenset({0x77, 0x78, 0x89, 0x8A})
_EXCLUSIVE = frozenset({0x73, 0x85})
_SHIFTS = frozenset({0x74, 0x75, 0x76, 0x86, 0x87, 0x88})
_MIXING = _ROTATIONS | _EXCLUSIVE | _SHIFTS | {0x71, 0x72, 0x83, 0x84}
_MULTIPLIES = frozenset({0x6C, 0x7E})
#: A function with fewer of these is no hash; one in which they are rarer is mostly something else.
LEAST_MIXING, LEAST_SHARE = 6, 0.18
LEAST_KINDS = 2
LEAST_ROLLED, LEAST_IDLE_SHARE = 3, 0.12
_HASHING = _ROTATIONS | _EXCLUSIVE | _SHIFTS | _MULTIPLIES
#: Loads and calls.
_READING = frozenset({0x10, 0x11, *range(0x28, 0x36)})
#: Instructions of one function that are read; a hash needs far fewer.
_MAX_INSTRUCTIONS = 60_000
#: Functions in which these bytes are so frequent, whatever they mean there, are read exactly.
_ROUGH = tuple(bytes([code]) for code in sorted(_EXCLUSIVE | _ROTATIONS))


@dataclass(frozen=True)
class Loop:
    """A function that mixes bits in a loop.

    Attributes:
        module: number of the core module; function: number among the functions defined in it.
        instructions: of the whole function; mixing: those that mix bits.
    """

    module: int
    function: int
    instructions: int
    mixing: int

    @property
    def share(self) -> float:
        """Part of the instructions that mix bits."""
        return self.mixing / self.instructions


_ROUGH_SHARE = 0.03


def mixing_loops(component: bytes) -> Iterator[Loop]:
    """The functions of a component that mix bits in a loop."""
    modules = [
        body for _, section, body in component_sections(memoryview(component)) if section == CORE_MODULE
    ]
    for number, module in enumerate(modules):
        for section, body in sections(module[len(CORE_PREAMBLE) :]):
            if section == _CODE:
                yield from _loops(number, body)


def _loops(module: int, code: memoryview) -> Iterator[Loop]:
    reader = Reader(code)
    for function in range(reader.u32()):
        body = bytes(reader.take(reader.u32()))
        if sum(body.count(byte) for byte in _ROUGH) < max(LEAST_KINDS, _ROUGH_SHARE * len(body)):
            continue
        if (loop := _judged(module, function, body)) is not None:
            yield loop


def _judged(module: int, function: int, body: bytes) -> Loop | None:
    try:
        counted = _count(body)
    except PackageRefused:
        # An instruction beyond those that compilers use for plain numbers: no simple loop.
        return None
    inside = counted.inside
    kinds = sum(bool(inside & codes) for codes in (_ROTATIONS, _EXCLUSIVE, _SHIFTS, _MULTIPLIES))
    loop = Loop(module, function, counted.instructions, counted.mixing)
    enough = loop.mixing >= LEAST_MIXING and loop.share >= LEAST_SHARE and kinds >= LEAST_KINDS
    # A hash reads what it hashes; a loop that mixes numbers and reads nothing works for itself.
    idle = not counted.reads and LEAST_ROLLED <= counted.rolled >= LEAST_IDLE_SHARE * counted.looped
    idle = idle and bool(inside & _ROTATIONS and inside & _MULTIPLIES)
    return loop if (enough or idle) and inside & _EXCLUSIVE else None


@dataclass
class _Count:
    instructions: int = 0
    mixing: int = 0
    looped: int = 0
    rolled: int = 0
    reads: bool = False
    inside: frozenset[int] = frozenset()


def _count(body: bytes) -> _Count:
    """Instructions of a function, and those in its loops that mix bits, or read memory, or call.

    Raises:
        PackageRefused: the body breaks off, or holds an instruction that is not read here.
    """
    reader = Reader(memoryview(body))
    for _ in range(reader.u32()):
        reader.u32()
        reader.byte()
    counted, inside, blocks = _Count(), set[int](), list[bool]()
    while reader.left and counted.instructions < _MAX_INSTRUCTIONS:
        code = reader.byte()
        counted.instructions += 1
        if code in (0x02, _LOOP, 0x04):
            reader.signed(33)
            blocks.append(code == _LOOP or bool(blocks and blocks[-1]))
        elif code == 0x0B:
            if blocks:
                blocks.pop()
        else:
            _skip_operands(reader, code)
        counted.looped += bool(blocks and blocks[-1])
        if blocks and blocks[-1] and code in _MIXING | _MULTIPLIES:
            counted.mixing += code in _MIXING
            counted.rolled += code in _HASHING
            inside.add(code)
        elif blocks and blocks[-1] and code in _READING:
            counted.reads = True
    counted.inside = frozenset(inside)
    return counted


def _skip_operands(reader: Reader, code: int) -> None:
    if code in _ONE_INDEX:
        reader.u32()
    elif code in _TWO_NUMBERS:
        reader.u32()
        _offset(reader)
    elif code == 0x0E:
        for _ in range(reader.u32() + 1):
            reader.u32()
    elif code in (0x41, 0x42):
        reader.signed(32 if code == 0x41 else 64)
    elif code in (0x43, 0x44):
        reader.take(4 if code == 0x43 else 8)
    elif code == 0x1C:
        for _ in range(reader.u32()):
            reader.byte()
    elif code == 0xFC:
        for _ in range(_EXTENDED.get(reader.u32(), 0)):
            reader.u32()
    elif code == 0xFD:
        raise PackageRefused([])


def _offset(reader: Reader) -> None:
    reader.u32()


#: br, br_if, call, return_call, local.*, global.*, table.get/set, memory.size/grow, ref.null, ref.func.
_ONE_INDEX = frozenset({0x0C, 0x0D, 0x10, 0x12, *range(0x20, 0x27), 0x3F, 0x40, 0xD0, 0xD2})
#: call_indirect, return_call_indirect, loads and stores.
_TWO_NUMBERS = frozenset({0x11, 0x13, *range(0x28, 0x3F)})
#: Operands of memory.init/data.drop/copy/fill and table.*; saturating conversions have none.
_EXTENDED = {8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1}
