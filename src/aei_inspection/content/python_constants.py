"""Strings that a Python source makes of constants, computed without running it.

`"ex" + "fil.example"`, `"".join(["a", "b"])`, `"moc"[::-1]`, `chr(104)`, `bytes([104, 105]).decode()`,
`base64.b64decode("…")`: what the parts hide, the whole says.
"""

import ast
import base64
import binascii
import codecs
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

MAX_SOURCE = 2 * 1024 * 1024
MAX_TEXT = 64 * 1024
MAX_ITEMS = 4_096

#: A text, bytes, a number, or a list of them.
Value = Any


@dataclass(frozen=True)
class Constant:
    """A string in a source.

    Attributes:
        text: what it says.
        line: where it begins, from 1.
        plain: it is written as it is; otherwise it is put together.
        docstring: it stands alone and explains what it stands in.
        named: the names of what it is given to: a variable's, an argument's, a called function's.
    """

    text: str
    line: int
    plain: bool
    docstring: bool
    named: tuple[str, ...]


class Unreadable(ValueError):
    """The source is no Python that this interpreter reads, or is too large."""


def parsed(source: bytes) -> ast.Module:
    """A source's syntax tree.

    Raises:
        Unreadable: it has none here.
    """
    if len(source) > MAX_SOURCE:
        raise Unreadable(f"it has more than {MAX_SOURCE:,} bytes")
    try:
        with warnings.catch_warnings():
            # Strangers' invalid escapes are none of our concern.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(str(error)) from error


def constants(source: bytes) -> list[Constant]:
    """The strings of a source, those written and those put together, the outermost of each expression.

    Raises:
        Unreadable: it can't be parsed.
    """
    tree = parsed(source)
    return list(_Walk(single_assignments(tree)).strings(tree))


def single_assignments(tree: ast.AST) -> dict[str, ast.expr]:
    """Names that are given a value exactly once, with it."""
    found: dict[str, ast.expr] = {}
    stores: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                stores[name] += 1
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
    return {name: value for name, value in found.items() if stores[name] == 1}


def constant_of(node: ast.expr, assigned: Mapping[str, ast.expr]) -> Value | None:
    """The value of an expression of constants; None for every other.

    Args:
        assigned: from `single_assignments`.
    """
    return _Folding(assigned).value(node)


class _Walk:
    def __init__(self, assigned: Mapping[str, ast.expr]) -> None:
        self._folding = _Folding(assigned)

    def strings(self, tree: ast.Module) -> Iterator[Constant]:
        waiting: list[tuple[ast.AST, tuple[str, ...]]] = [(tree, ())]
        while waiting:
            node, named = waiting.pop()
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                if isinstance(node.value.value, str):
                    yield Constant(node.value.value[:MAX_TEXT], node.lineno, True, True, ())
                continue
            if isinstance(node, ast.expr) and (constant := self._constant(node, named)):
                yield constant
                if constant.plain:
                    continue
            waiting.extend(_children(node, named))

    def _constant(self, node: ast.expr, named: tuple[str, ...]) -> Constant | None:
        if isinstance(node, ast.Name | ast.List | ast.Tuple):
            return None
        value = self._folding.value(node)
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if not isinstance(value, str) or len(value) < 4:
            return None
        return Constant(value, node.lineno, isinstance(node, ast.Constant), False, named)


def _children(node: ast.AST, named: tuple[str, ...]) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    """The parts of a node, each with the names of what it is given to."""
    match node:
        case ast.Assign(targets=targets):
            named = tuple(name for target in targets for name in _names(target))
        case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            named = tuple(_names(target))
        case ast.Call(func=func):
            named = (*_names(func), *named)
        case ast.keyword(arg=str(arg)):
            named = (arg, *named)
        case ast.stmt():
            named = ()
    if isinstance(node, ast.Dict):
        yield from _entries(node, named)
        return
    yield from ((child, named) for child in ast.iter_child_nodes(node))


def _entries(node: ast.Dict, named: tuple[str, ...]) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    for key, value in zip(node.keys, node.values, strict=True):
        known = (key.value,) if isinstance(key, ast.Constant) and isinstance(key.value, str) else ()
        yield value, (*known, *named)


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=value, attr=name):
            yield name
            yield from _names(value)


class _Folding:
    """Values of expressions that hold constants alone; None for every other."""

    def __init__(self, assigned: Mapping[str, ast.expr]) -> None:
        self._assigned = assigned
        self._known: dict[str, Value | None] = {}
        self._depth = 0

    def value(self, node: ast.AST) -> Value | None:
        if self._depth > 60:
            return None
        self._depth += 1
        try:
            return _bounded(self._value(node))
        except (
            ValueError,
            TypeError,
            IndexError,
            KeyError,
            OverflowError,
            AttributeError,
            LookupError,
            zlib.error,
        ):
            # An expression that would fail when it is run says nothing.
            return None
        finally:
            self._depth -= 1

    def _value(self, node: ast.AST) -> Value | None:
        match node:
            case ast.Constant(value=str() | bytes() | int() as value):
                return value
            case ast.Name(id=name):
                return self._named(name)
            case ast.BinOp(left=left, op=op, right=right):
                return self._joined(self.value(left), op, self.value(right))
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return self._all(items)
            case ast.JoinedStr(values=parts):
                return self._interpolated(parts)
            case ast.Subscript(value=value, slice=ast.Slice() as cut):
                return self._cut(self.value(value), cut)
            case ast.Call(func=func, args=args, keywords=[]):
                return self._called(func, args)
            case ast.GeneratorExp() | ast.ListComp():
                return self._comprehended(node)
        return None

    def _named(self, name: str) -> Value | None:
        if name not in self._known:
            # A name that is made of itself has no value.
            self._known[name] = None
            self._known[name] = self.value(self._assigned[name]) if name in self._assigned else None
        return self._known[name]

    def _all(self, nodes: Sequence[ast.expr]) -> list[Value] | None:
        if len(nodes) > MAX_ITEMS:
            return None
        values = [self.value(node) for node in nodes]
        return None if None in values else [value for value in values if value is not None]

    def _joined(self, left: Value | None, op: ast.operator, right: Value | None) -> Value | None:
        if left is None or right is None:
            return None
        if isinstance(op, ast.Mod) and isinstance(left, str):
            return _filled(_PERCENT_PLACE, left, right if isinstance(right, list) else [right])
        if isinstance(op, ast.Mult) and isinstance(right, int) and isinstance(left, str | bytes):
            return left * right if 0 <= right * len(left) <= MAX_TEXT else None
        if isinstance(left, int) and isinstance(right, int):
            return _reckoned(op, left, right)
        alike = type(left) is type(right) and isinstance(left, str | bytes)
        return left + right if alike and isinstance(op, ast.Add) else None

    def _interpolated(self, parts: Sequence[ast.expr]) -> str | None:
        texts = []
        for part in parts:
            value = self.value(part.value if isinstance(part, ast.FormattedValue) else part)
            if not isinstance(value, str | int):
                return None
            texts.append(str(value))
        return "".join(texts)

    def _cut(self, value: Value | None, cut: ast.Slice) -> Value | None:
        if not isinstance(value, str | bytes | list):
            return None
        ends = [None if end is None else self.value(end) for end in (cut.lower, cut.upper)]
        step = None if cut.step is None else _number(cut.step)
        return value[slice(ends[0], ends[1], step)]

    def _called(self, func: ast.expr, args: Sequence[ast.expr]) -> Value | None:
        name = next(_names(func), "")
        if name == "map" and len(args) == 2:
            # `map(chr, codes)`
            return self._called_for_each(args[0], args[1])
        given = self._all(args)
        if given is None:
            return None
        own = self.value(func.value) if isinstance(func, ast.Attribute) else None
        if own is not None and name in _METHODS:
            return _METHODS[name](own, *given)
        return _FUNCTIONS[name](*given) if name in _FUNCTIONS else None

    def _called_for_each(self, func: ast.expr, items: ast.expr) -> Value | None:
        function, values = _FUNCTIONS.get(next(_names(func), "")), self.value(items)
        if function is None or not isinstance(values, list | bytes):
            return None
        return [function(value) for value in values]

    def _comprehended(self, node: ast.GeneratorExp | ast.ListComp) -> Value | None:
        """`chr(c ^ 7) for c in [..]`: one loop over constants, without a condition."""
        loop = node.generators[0]
        items = self.value(loop.iter)
        if len(node.generators) > 1 or loop.ifs or not isinstance(loop.target, ast.Name) or items is None:
            return None
        if isinstance(items, int) or len(items) > MAX_ITEMS:
            return None
        made = []
        for item in items:
            self._known[loop.target.id] = item
            made.append(self.value(node.elt))
        self._known.pop(loop.target.id, None)
        return None if None in made else [value for value in made if value is not None]


def _bounded(value: Value | None) -> Value | None:
    if isinstance(value, int | None):
        return value
    return value if len(value) <= MAX_TEXT else None


def _reckoned(op: ast.operator, left: int, right: int) -> int | None:
    match op:
        case ast.BitXor():
            return left ^ right
        case ast.Sub():
            return left - right
        case ast.Add():
            return left + right
    return None


def _number(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def _text(value: Value) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise TypeError


#: Places without a width: one of a billion characters would fill the memory.
_BRACE_PLACE, _PERCENT_PLACE = re.compile(r"\{\d?\}"), re.compile(r"%[sdc]")


def _filled(place: re.Pattern[str], text: str, values: Sequence[Value]) -> str:
    """A text with its places filled, in their order."""
    left = iter(values)
    filled = place.sub(lambda _: str(next(left, "")), text)
    return filled if all(isinstance(value, str | int) for value in values) else text


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


_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
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
_METHODS: Mapping[str, Callable[..., Value]] = {
    "join": _with,
    "replace": _replaced,
    "format": lambda own, *args: _filled(_BRACE_PLACE, own, args),
    "decode": _decoded,
    "encode": lambda own, *_: own.encode(),
    "lower": lambda own: own.lower(),
    "upper": lambda own: own.upper(),
    "swapcase": lambda own: own.swapcase(),
    "strip": lambda own, *args: own.strip(*args),
    "split": lambda own, *args: own.split(*args),
}
