"""A Python source as a syntax tree, and what its names stand for."""

import ast
import warnings
from collections import Counter

MAX_SOURCE = 2 * 1024 * 1024


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
