"""The outline of a WebAssembly component: what it imports and exports, by name, and how much it nests.

Binary format after the component model's Binary.md (preamble, section ids, import and export forms).
Only headers, imports and exports of the outermost component are read; what they mean and whether the
rest is valid, wasm-tools decides. Any bytes give an outline or a `PackageRefused`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aei_inspection.problems import refuse
from aei_inspection.wasm_binary import (
    CORE_MODULE,
    CORE_PREAMBLE,
    PLACE,
    PREAMBLE,
    Reader,
    component_sections,
    malformed,
)

MAX_NAMES = 2_000

_IMPORT, _EXPORT = 10, 11
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
    for nesting, section, body in component_sections(memoryview(content)):
        core_modules += section == CORE_MODULE
        if nesting == 0 and section == _IMPORT:
            imports.extend(_Items(body).vector(_Items.import_item))
        elif nesting == 0 and section == _EXPORT:
            exports.extend(_Items(body).vector(_Items.export_item))
        if len(imports) + len(exports) > MAX_NAMES:
            malformed(f"it has more than {MAX_NAMES} imports and exports")
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


class _Items(Reader):
    """A section of imports or exports."""

    def vector(self, item: "Callable[[_Items], Item]") -> list[Item]:
        """A count and as many items, which fill the section."""
        count = self.u32()
        if count > MAX_NAMES:
            malformed(f"it has more than {MAX_NAMES} imports or exports")
        items = [item(self) for _ in range(count)]
        if self.left:
            malformed("bytes are left over in a section")
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
            malformed("an import or export has a form of name that is not supported")
        return self.name()

    def _sort(self) -> str:
        sort = self.byte()
        if sort not in _SORTS:
            malformed(f"the sort {sort} of an import or export is not known")
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
            malformed(f"{what} has the unknown form {flag}")
        return flag == 1
