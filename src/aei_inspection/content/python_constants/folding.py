"""The values of expressions, as far as constants alone make them."""

import ast
import zlib
from collections.abc import Iterator, Mapping, Sequence

from aei_inspection.content.python_constants.functions import (
    FUNCTIONS,
    MAX_TEXT,
    METHODS,
    PERCENT_PLACE,
    Value,
    filled,
)

MAX_ITEMS = 4_096


def constant_of(node: ast.expr, assigned: Mapping[str, ast.expr]) -> Value | None:
    """The value of an expression of constants; None for every other.

    Args:
        assigned: from `single_assignments`.
    """
    return Folding(assigned).value(node)


class Folding:
    """Values of expressions that hold constants alone; None for every other."""

    def __init__(self, assigned: Mapping[str, ast.expr]) -> None:
        self._assigned = assigned
        self._known: dict[str, Value | None] = {}
        self._depth = 0

    def value(self, node: ast.AST) -> Value | None:
        """What the expression comes to, at most `MAX_TEXT` long; None where it is not of constants alone."""
        if self._depth > 60:
            return None
        self._depth += 1
        try:
            return _bounded(self._value(node))
        except (ValueError, TypeError, LookupError, OverflowError, AttributeError, zlib.error):
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
            return filled(PERCENT_PLACE, left, right if isinstance(right, list) else [right])
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
        name = next(names_of(func), "")
        if name == "map" and len(args) == 2:
            # `map(chr, codes)`
            return self._called_for_each(args[0], args[1])
        given = self._all(args)
        if given is None:
            return None
        own = self.value(func.value) if isinstance(func, ast.Attribute) else None
        if own is not None and name in METHODS:
            return METHODS[name](own, *given)
        return FUNCTIONS[name](*given) if name in FUNCTIONS else None

    def _called_for_each(self, func: ast.expr, items: ast.expr) -> Value | None:
        function, values = FUNCTIONS.get(next(names_of(func), "")), self.value(items)
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


def names_of(node: ast.AST) -> Iterator[str]:
    """The names in `a.b.c`, the last first; none of anything else."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=value, attr=name):
            yield name
            yield from names_of(value)


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
