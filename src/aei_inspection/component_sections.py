"""The outline of a WebAssembly component: what it imports and exports, by name, and how much it nests.

Binary format after the component model's Binary.md (preamble, section ids, import and export forms).
Only headers, imports and exports of the outermost component are read; what they mean and whether the
rest is valid, wasm-tools decides. Any bytes give an outline or a `PackageRefused`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from aei_inspection.problems import entry_pointer, refuse, shown
from aei_protocol.manifest import COMPONENT_NAME

PREAMBLE = b"\x00asm\x0d\x00\x01\x00"
CORE_PREAMBLE = b"\x00asm\x01\x00\x00\x00"
PLACE = entry_pointer(COMPONENT_NAME)

MAX_SECTIONS = 20_000
MAX_NAMES = 2_000
MAX_NAME = 512
MAX_NESTING = 16

_CORE_MODULE, _COMPONENT, _IMPORT, _EXPORT = 1, 4, 10, 11
_SORTS = {0: "core module", 1: "function", 2: "value", 3: "type", 4: "component", 5: "instance"}


@dataclass(frozen=True)
class Item:
    """One import or export: its name and its sort (`instance`, `function`, …)."""

    name: str
    sort: str


@dataclass(frozen=True)
class Outline:
    """What a component's headers say."""

    imports: tuple[Item, ...]
    exports: tuple[Item, ...]
    core_modules: int


def read_outline(content: bytes) -> Outline:
    """Read a component's outline.

    Raises:
        PackageRefused: `component_text`, `core_module`, `not_a_component`, `component_malformed`.
    """
    _refuse_other_formats(content)
    imports: list[Item] = []
    exports: list[Item] = []
    core_modules = 0
    for nesting, section, body in _sections(memoryview(content)):
        core_modules += section == _CORE_MODULE
        if nesting == 0 and section == _IMPORT:
            imports.extend(_Reader(body).vector(_Reader.import_item))
        elif nesting == 0 and section == _EXPORT:
            exports.extend(_Reader(body).vector(_Reader.export_item))
        if len(imports) + len(exports) > MAX_NAMES:
            _malformed(f"it has more than {MAX_NAMES} imports and exports")
    return Outline(tuple(imports), tuple(exports), core_modules)


def _refuse_other_formats(content: bytes) -> None:
    if content.startswith(PREAMBLE):
        return
    if content.startswith(CORE_PREAMBLE):
        message = "plugin.wasm is a core module, not a component; build it with `aei plugin build`."
        raise refuse("core_module", PLACE, message)
    if content[:4096].lstrip().startswith((b"(", b";;")):
        message = "plugin.wasm is WebAssembly text; publish the binary that `aei plugin build` writes."
        raise refuse("component_text", PLACE, message)
    message = "plugin.wasm is not a WebAssembly component; build it with `aei plugin build`."
    raise refuse("not_a_component", PLACE, message)


def _sections(content: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Nesting depth, id and body of every section of the component and of those nested in it."""
    waiting = [(0, content)]
    seen = 0
    while waiting:
        nesting, component = waiting.pop()
        if component[: len(PREAMBLE)] != PREAMBLE:
            _malformed("a nested component has no preamble")
        reader = _Reader(component[len(PREAMBLE) :])
        while reader.left:
            section = reader.byte()
            body = reader.take(reader.u32())
            seen += 1
            if seen > MAX_SECTIONS or nesting > MAX_NESTING:
                _malformed(f"it has more than {MAX_SECTIONS} sections or {MAX_NESTING} levels")
            yield nesting, section, body
            if section == _COMPONENT:
                waiting.append((nesting + 1, body))


class _Reader:
    """A place in the bytes; every reading moves it on or refuses."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._content) - self._at

    def take(self, size: int) -> memoryview:
        if size > self.left:
            _malformed("it breaks off in the middle of a section")
        self._at += size
        return self._content[self._at - size : self._at]

    def byte(self) -> int:
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
            _malformed("a number is longer than 32 bits")
        return value

    def vector(self, item: "Callable[[_Reader], Item]") -> list[Item]:
        """A count and as many items, which fill the section."""
        count = self.u32()
        if count > MAX_NAMES:
            _malformed(f"it has more than {MAX_NAMES} imports or exports")
        items = [item(self) for _ in range(count)]
        if self.left:
            _malformed("bytes are left over in a section")
        return items

    def import_item(self) -> Item:
        return Item(self._name(), self._described())

    def export_item(self) -> Item:
        name = self._name()
        sort = self._sort()
        self.u32()
        if self._flag("an export's type"):
            self._described()
        return Item(name, sort)

    def _name(self) -> str:
        # Both forms mean the same today; a third carries options that this reader does not know.
        if self.byte() not in (0, 1):
            _malformed("an import or export has a form of name that is not supported")
        size = self.u32()
        if size > MAX_NAME:
            _malformed(f"an import or export has a name of more than {MAX_NAME} bytes")
        try:
            return bytes(self.take(size)).decode("utf-8")
        except UnicodeDecodeError:
            _malformed("an import or export has a name that is not UTF-8")

    def _sort(self) -> str:
        sort = self.byte()
        if sort not in _SORTS:
            _malformed(f"the sort {sort} of an import or export is not known")
        if sort == 0:
            self.byte()
        return _SORTS[sort]

    def _described(self) -> str:
        """An external description: the sort, and which type it has."""
        sort = self._sort()
        bounded = sort in ("value", "type") and self._flag("a bound")
        if not (sort == "type" and bounded):
            self.u32()
        return sort

    def _flag(self, what: str) -> bool:
        flag = self.byte()
        if flag > 1:
            _malformed(f"{what} has the unknown form {flag}")
        return flag == 1


def _malformed(how: str) -> NoReturn:
    message = f"plugin.wasm can't be read: {shown(how)}; build it again with `aei plugin build`."
    raise refuse("component_malformed", PLACE, message)
