"""Reading an author's Python before it is compiled: what a build finds in 15 seconds, found at once."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from aei_protocol.interface import SIGNATURES
from aei_sdk.builder.opening import NEEDS
from aei_sdk.errors import Fault


def unopened_uses(sources: Mapping[str, bytes], interfaces: Sequence[str]) -> list[Fault]:
    """Each place where a source reaches for a module of `aei` that its manifest does not open.

    Args:
        sources: path to content.
        interfaces: those that the manifest opens.
    """
    closed = set(SIGNATURES) - set(interfaces)
    return [
        Fault(
            f"src/{path}:{line}", f"aei.{name} is not open to this plugin: plugin.json has no {NEEDS[name]}"
        )
        for path, content in sources.items()
        if path.endswith(".py")
        for line, name in _uses(content)
        if name in closed
    ]


def _uses(content: bytes) -> Iterator[tuple[int, str]]:
    """Line and name of everything taken from `aei`; nothing when this Python cannot read the source.

    The guest's Python is newer than the oldest that the kit runs on, and knows more syntax.
    """
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="aei", names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.Import(names=names):
                yield from ((node.lineno, a.name[4:]) for a in names if a.name.startswith("aei."))
            case ast.ImportFrom(module=str(module)) if module.startswith("aei."):
                yield node.lineno, module[4:]
            case ast.Attribute(value=ast.Name(id="aei"), attr=name):
                yield node.lineno, name
