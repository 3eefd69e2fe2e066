"""The strings of a source, each with the names of what it is given to."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from aei_inspection.content.python_constants.folding import Folding, names_of
from aei_inspection.content.python_constants.functions import MAX_TEXT
from aei_inspection.content.python_constants.source import parsed, single_assignments


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


def constants(source: bytes) -> list[Constant]:
    """The strings of a source, those written and those put together, the outermost of each expression.

    Raises:
        Unreadable: it can't be parsed.
    """
    tree = parsed(source)
    return list(_strings(tree, Folding(single_assignments(tree))))


def _strings(tree: ast.Module, folding: Folding) -> Iterator[Constant]:
    waiting: list[tuple[ast.AST, tuple[str, ...]]] = [(tree, ())]
    while waiting:
        node, named = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                yield Constant(node.value.value[:MAX_TEXT], node.lineno, True, True, ())
            continue
        if isinstance(node, ast.expr) and (constant := _constant(node, named, folding)):
            yield constant
            if constant.plain:
                continue
        waiting.extend(_children(node, named))


def _constant(node: ast.expr, named: tuple[str, ...], folding: Folding) -> Constant | None:
    if isinstance(node, ast.Name | ast.List | ast.Tuple):
        return None
    value = folding.value(node)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str) or len(value) < 4:
        return None
    return Constant(value, node.lineno, isinstance(node, ast.Constant), False, named)


def _children(node: ast.AST, named: tuple[str, ...]) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    """The parts of a node, each with the names of what it is given to."""
    match node:
        case ast.Assign(targets=targets):
            named = tuple(name for target in targets for name in names_of(target))
        case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            named = tuple(names_of(target))
        case ast.Call(func=func):
            named = (*names_of(func), *named)
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
