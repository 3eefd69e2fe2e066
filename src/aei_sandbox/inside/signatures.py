"""The types of a component's imports and exports as text, so that they can be compared whole."""

from collections.abc import Iterator
from typing import Any

from wasmtime import Engine, _ffi
from wasmtime import component as wc

#: A type of more parts than any interface has is cut there: types can double with each level.
_MOST_PARTS = 200

Listing = dict[str, dict[str, str]]


def list_imports(component: wc.Component, engine: Engine) -> Listing:
    """Import name → item name → text; an import that is no instance has one item without a name."""
    return {name: _items(item.ty, engine) for name, item in component.type.imports(engine).items()}


def list_exports(component: wc.Component, engine: Engine) -> dict[str, str]:
    """Export name → text."""
    return {name: _item_text(item.ty) for name, item in component.type.exports(engine).items()}


def _items(kind: Any, engine: Engine) -> dict[str, str]:
    if isinstance(kind, wc.ComponentInstanceType):
        return {name: _item_text(item.ty) for name, item in kind.exports(engine).items()}
    return {"": _item_text(kind)}


def _item_text(kind: Any) -> str:
    """`func(name:type,…)->type`, `type`, `resource`, or the class of anything rarer."""
    if isinstance(kind, wc.FuncType):
        return _function_text(kind)
    if isinstance(kind, wc.ValType):
        return "type"
    return {"ResourceType": "resource"}.get(type(kind).__name__, type(kind).__name__)


def _function_text(kind: Any) -> str:
    left = iter(range(_MOST_PARTS))
    parameters = ",".join(f"{name}:{_type_text(of, left)}" for name, of in kind.params)
    result = _type_text(kind.result, left) if kind.result is not None else "()"
    prefix = "async " if _ffi.wasmtime_component_func_type_async(kind.ptr()) else ""
    return f"{prefix}func({parameters})->{result}"


def _type_text(kind: Any, left: Iterator[int]) -> str:
    if next(left, None) is None:
        return "…"

    def inner(of: Any) -> str:
        return "_" if of is None else _type_text(of, left)

    match kind:
        case wc.ResultType():
            return f"result<{inner(kind.ok)},{inner(kind.err)}>"
        case wc.OptionType():
            return f"option<{inner(kind.payload)}>"
        case wc.ListType():
            return f"list<{inner(kind.element)}>"
        case wc.TupleType():
            return f"tuple<{','.join(map(inner, kind.elements))}>"
        case wc.RecordType():
            return f"record{{{','.join(f'{n}:{inner(of)}' for n, of in kind.fields)}}}"
        case wc.VariantType():
            return f"variant{{{','.join(f'{n}:{inner(of)}' for n, of in kind.cases)}}}"
    return type(kind).__name__.removesuffix("Type").lower()
