"""The dependencies that supplied sources name: requirements, package.json, pyproject, Cargo, Go, imports."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aei_inspection.content.python_constants import Unreadable, parsed
from aei_inspection.extract.texts import Extract

MAX_FILE = 1024 * 1024
_LINE = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]{0,99})\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;@ ].*)?$")
_URL_LINE = re.compile(r"^\s*(?:-e\s+)?(?:[\w.-]+\s*@\s*)?((?:git\+|hg\+|svn\+)?(?:https?|ssh|git)://\S+)")
_INDEX = re.compile(r"^\s*--?(?:extra-index-url|index-url|i|find-links|f|trusted-host)[ =]+(\S+)")
_GO = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[a-z]{2,}/[\w./-]+)\s+v\d", re.MULTILINE)
_REQUIRE = re.compile(
    r"""\b(?:require|import)\s*\(\s*['"]([@\w][\w./-]*)['"]\s*\)|\bfrom\s+['"]([@\w][\w./-]*)['"]"""
)
_SCRIPTS = ("preinstall", "install", "postinstall", "prepare")


@dataclass(frozen=True)
class Requirement:
    """A dependency that a file names.

    Attributes:
        ecosystem: as OSV spells it; empty for a file's order that is no dependency.
        name: as written.
        place: file, with the line where there is one.
        kind: `named`, `url` (fetched from an address), `index` (another index is asked), `script` (a command
            runs when it is installed).
    """

    ecosystem: str
    name: str
    place: str
    kind: str = "named"


def requirements(sources: Iterable[Extract]) -> Iterator[Requirement]:
    """The dependencies that sources name."""
    for source in sources:
        if len(source.content) > MAX_FILE:
            continue
        name = source.place.rpartition("/")[2].lower()
        text = source.content.decode("utf-8", "replace")
        if re.fullmatch(r"(?:[\w-]*requirements[\w-]*|constraints)\.(?:txt|in)", name):
            yield from _lines(source.place, text)
        elif name == "package.json":
            yield from _package_json(source.place, text)
        elif name in ("pyproject.toml", "pipfile", "cargo.toml"):
            yield from _toml(source.place, name, text)
        elif name == "go.mod":
            yield from (Requirement("Go", found, source.place) for found in _GO.findall(text))
        elif name.endswith(".py"):
            yield from _imports(source)
        elif name.endswith((".js", ".mjs", ".cjs", ".ts")):
            yield from _script_imports(source.place, text)


def _lines(place: str, text: str) -> Iterator[Requirement]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition(" #")[0].strip()
        where = f"{place}:{number}"
        if match := _INDEX.match(line):
            yield Requirement("PyPI", match[1], where, "index")
        elif match := _URL_LINE.match(line):
            yield Requirement("PyPI", match[1], where, "url")
        elif line and not line.startswith(("#", "-")) and (match := _LINE.match(line)):
            yield Requirement("PyPI", match[1], where)


def _package_json(place: str, text: str) -> Iterator[Requirement]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(document, dict):
        return
    for group in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
        for name, wanted in _mapping(document.get(group)).items():
            url = isinstance(wanted, str) and re.match(r"(?:git\+|git:|https?:|ssh:)", wanted)
            yield Requirement("npm", f"{name}@{wanted}" if url else name, place, "url" if url else "named")
    for name in _SCRIPTS:
        if command := _mapping(document.get("scripts")).get(name):
            yield Requirement("npm", f"{name}: {command}", place, "script")


def _toml(place: str, file: str, text: str) -> Iterator[Requirement]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    if file == "cargo.toml":
        yield from (Requirement("crates.io", name, place) for name in _mapping(document.get("dependencies")))
        return
    project = _mapping(document.get("project"))
    optional = [
        each for group in _mapping(project.get("optional-dependencies")).values() for each in _listed(group)
    ]
    for line in (*_listed(project.get("dependencies")), *optional):
        if match := _LINE.match(str(line)):
            yield Requirement("PyPI", match[1], place)
    poetry = _mapping(_mapping(_mapping(document.get("tool")).get("poetry")).get("dependencies"))
    for name in (*poetry, *_mapping(document.get("packages"))):
        if name != "python":
            yield Requirement("PyPI", name, place)


def _imports(source: Extract) -> Iterator[Requirement]:
    """Modules that a source imports: what is installed under another name can't be told, what is near can."""
    import ast

    try:
        tree = parsed(source.content)
    except Unreadable:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield Requirement(
                        "PyPI", alias.name.partition(".")[0], f"{source.place}:{node.lineno}", "import"
                    )
            case ast.ImportFrom(module=str(module), level=0):
                yield Requirement("PyPI", module.partition(".")[0], f"{source.place}:{node.lineno}", "import")


def _script_imports(place: str, text: str) -> Iterator[Requirement]:
    for match in _REQUIRE.finditer(text):
        parts = (match[1] or match[2]).split("/")
        name = "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]
        line = text.count("\n", 0, match.start()) + 1
        yield Requirement("npm", name, f"{place}:{line}", "import")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
