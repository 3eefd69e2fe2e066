"""The functions of a Python component: every code object that is still on the interpreter's heap.

Layouts after CPython 3.14 for 32 bits: `PyASCIIObject` and `PyCompactUnicodeObject` in unicodeobject.h,
`PyTupleObject` in tupleobject.h, `PyCodeObject` in code.h. A code object holds the pointers to its file's
name, its own and its qualified name one after the other, which is how it is found. Code that ran only once,
such as that of modules and classes, is gone by then. A code object can be made to say that it comes from
elsewhere: what is found here is there, but it need not be everything.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from aei_inspection.extract.memory import Region
from aei_inspection.extract.python import FILE_NAME, Module

_POINTER = 4
_MOST_POINTERS = 50_000

# Of a string: length, state, and the characters with ASCII alone or with others.
_LENGTH, _STATE, _ASCII_DATA, _OTHER_DATA = 8, 16, 20, 28
_CODINGS = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}
_LONGEST_NAME = 1_000

# Of a tuple: its size and its items.
_SIZE, _ITEMS = 8, 16
_MOST_NAMES = 2_000

# Of a code object, counted from the pointer to its file's name.
_NAMES, _LINE, _NAME, _QUALIFIED = -64, -36, 4, 8
_LAST_LINE = 1_000_000


@dataclass(frozen=True, order=True)
class Function:
    """A function, method, lambda or comprehension.

    Attributes:
        name: qualified: `Reader.take`, `outer.<locals>.<lambda>`.
        line: its first, in the file that was built.
        names: globals and attributes that it uses.
    """

    module: Module
    name: str
    line: int
    names: tuple[str, ...]


def find_functions(memory: Iterable[Region]) -> tuple[Function, ...]:
    """The functions of modules that came with the plugin, sorted; the standard library's are left out.

    Raises:
        ValueError: more places than any plugin has point to names of files.
    """
    found: set[Function] = set()
    spaces: dict[tuple[int, int], list[Region]] = {}
    for region in memory:
        if region.start is not None:
            spaces.setdefault(region.space, []).append(region)
    for regions in spaces.values():
        found.update(_Heap(regions).functions())
    return tuple(sorted(found))


class _Heap:
    """One memory, read by address; what makes no sense is None."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = sorted(regions, key=lambda region: region.start or 0)
        self._starts = [region.start or 0 for region in self._regions]

    def functions(self) -> Iterator[Function]:
        found = list(islice(self._pointers(self._file_names()), _MOST_POINTERS + 1))
        if len(found) > _MOST_POINTERS:
            raise ValueError(f"more than {_MOST_POINTERS:,} words point to names of files")
        for pointer, module in found:
            if function := self._function(pointer, module):
                yield function

    def _file_names(self) -> dict[int, Module]:
        """Address of each string object that is a file's name."""
        return {
            start + match.start(1) - _ASCII_DATA: Module(match[2].decode(), match[3].decode())
            for start, region in zip(self._starts, self._regions, strict=True)
            for match in FILE_NAME.finditer(region.content)
            if match[2] != b"python"
        }

    def _pointers(self, files: dict[int, Module]) -> Iterator[tuple[int, Module]]:
        """Address of each word that points to one of the names."""
        if not files:
            return
        for start, region in zip(self._starts, self._regions, strict=True):
            first = -start % _POINTER
            size = max(0, len(region.content) - first) // _POINTER * _POINTER
            words = array("I", region.content[first : first + size])
            for index, word in enumerate(words):
                if word in files:
                    yield start + first + index * _POINTER, files[word]

    def _function(self, pointer: int, module: Module) -> Function | None:
        name, qualified = (self._text(self._word(pointer + at)) for at in (_NAME, _QUALIFIED))
        line, names = self._word(pointer + _LINE), self._names(self._word(pointer + _NAMES))
        if not name or not qualified or names is None or not 0 < line <= _LAST_LINE:
            return None
        if "/" in name or not f".{qualified}".endswith(f".{name}"):
            return None
        return Function(module, qualified, line, names)

    def _names(self, address: int) -> tuple[str, ...] | None:
        size = self._word(address + _SIZE)
        if size > _MOST_NAMES:
            return None
        items = [self._text(self._word(address + _ITEMS + _POINTER * index)) for index in range(size)]
        return tuple(item for item in items if item) if all(items) else None

    def _text(self, address: int) -> str | None:
        length, state = self._word(address + _LENGTH), self._word(address + _STATE)
        width, compact, ascii_only = state >> 2 & 7, state >> 5 & 1, state >> 6 & 1
        if not 0 < length <= _LONGEST_NAME or width not in _CODINGS or not compact:
            return None
        content = self._bytes(address + (_ASCII_DATA if ascii_only else _OTHER_DATA), length * width)
        return content.decode(_CODINGS[width], "replace")

    def _word(self, address: int) -> int:
        return int.from_bytes(self._bytes(address, _POINTER), "little")

    def _bytes(self, address: int, size: int) -> bytes:
        """So many bytes; where no region lies there are zeros."""
        found = bytearray(size)
        index = max(0, bisect_right(self._starts, address) - 1)
        while index < len(self._starts) and self._starts[index] < address + size:
            at = address - self._starts[index]
            content = self._regions[index].content[max(0, at) : max(0, at + size)]
            found[max(0, -at) : max(0, -at) + len(content)] = content
            index += 1
        return bytes(found)
