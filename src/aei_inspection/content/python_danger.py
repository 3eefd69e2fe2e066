"""Python that runs what can't be read: text that is decoded, fetched or put together first."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from aei_inspection.content.python_constants import constant_of, parsed, single_assignments
from aei_inspection.content.words import words

_RUNNING = frozenset(
    {"exec", "eval", "compile", "execfile", "run_code", "runsource", "runcode", "FunctionType"}
)
_DECODING = words(
    """
    b64decode urlsafe_b64decode b32decode b85decode a85decode b16decode unhexlify a2b_base64 a2b_hex
    fromhex decompress decompressobj standard_b64decode decodebytes unquote rot13 decrypt
    """
)
#: Calls whose answers come from outside the package.
_FETCHING = frozenset({"urlopen", "fetch", "recv", "recvfrom", "urlretrieve", "check_output", "getoutput"})
_FETCHING_OF = frozenset(
    {"requests", "httpx", "http", "session", "client", "urllib", "aiohttp", "secrets", "config", "socket"}
)
_REACHING = frozenset({"get", "post", "request", "read", "text", "content"})
#: What is hidden when its name is put together.
_HIDDEN_NAMES = words(
    """
    exec eval compile __import__ system popen spawn Popen check_output subprocess os socket ctypes
    pty marshal builtins __builtins__ base64 importlib import_module
    """
)
_MAX_STEPS = 400


@dataclass(frozen=True)
class Danger:
    """A place where something unreadable is run.

    Attributes:
        rule: `decoded-code`, `fetched-code` or `hidden-name`.
        what: what is called, for people.
    """

    rule: str
    line: int
    what: str


def dangers(source: bytes) -> Iterator[Danger]:
    """The places of a source where unreadable code is run or a call is hidden.

    Raises:
        Unreadable: it can't be parsed.
    """
    tree = parsed(source)
    assigned = single_assignments(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, args=[first, *_]) if _last(func) in _RUNNING and not _is_pattern(func):
                if rule := _origin(first, assigned):
                    yield Danger(rule, node.lineno, f"{_last(func)}(…)")
            case ast.Call(func=func, args=[first, *_]) if _loads_objects(func):
                if _origin(first, assigned) == "fetched-code":
                    yield Danger("fetched-code", node.lineno, f"{_last(func)}(…)")
            case ast.Call(func=ast.Subscript(slice=key)) if name := _hidden_text(key, assigned):
                yield Danger("hidden-name", node.lineno, name)
            case ast.Call(func=func, args=args) if _last(func) in ("getattr", "__import__", "import_module"):
                for arg in args[:2]:
                    if name := _hidden_text(arg, assigned):
                        yield Danger("hidden-name", node.lineno, name)


def _is_pattern(func: ast.expr) -> bool:
    """`re.compile`, `pattern.compile`: no code is made."""
    return isinstance(func, ast.Attribute) and func.attr == "compile" and _last(func.value) != "builtins"


def _origin(value: ast.expr, assigned: dict[str, ast.expr]) -> str | None:
    """Where a value comes from, followed through names that have one value."""
    waiting, seen, steps = [value], set[str](), 0
    while waiting and steps < _MAX_STEPS:
        steps += 1
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name) and node.id in assigned and node.id not in seen:
                seen.add(node.id)
                waiting.append(assigned[node.id])
            if isinstance(node, ast.Call):
                name = _last(node.func)
                if name in _DECODING or _loads_objects(node.func):
                    return "decoded-code"
                if name in _FETCHING or (name in _REACHING and _root(node.func) in _FETCHING_OF):
                    return "fetched-code"
                if name == "join" and node.args and _makes_characters(node.args[0]):
                    return "decoded-code"
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and _mirrors(node.slice):
                return "decoded-code"
    return None


def _loads_objects(func: ast.expr) -> bool:
    return (
        isinstance(func, ast.Attribute)
        and func.attr == "loads"
        and _last(func.value) in ("marshal", "pickle", "dill")
    )


def _makes_characters(node: ast.expr) -> bool:
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call | ast.Name)]
    return any(_last(n.func if isinstance(n, ast.Call) else n) == "chr" for n in calls)


def _mirrors(cut: ast.Slice) -> bool:
    return isinstance(cut.step, ast.UnaryOp) and isinstance(cut.step.op, ast.USub)


def _hidden_text(node: ast.expr, assigned: dict[str, ast.expr]) -> str | None:
    if isinstance(node, ast.Constant | ast.Name):
        return None
    text = constant_of(node, assigned)
    return text if isinstance(text, str) and text in _HIDDEN_NAMES else None


def _last(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return _last(node)
