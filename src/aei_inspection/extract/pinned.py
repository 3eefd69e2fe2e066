"""The exact versions that a supplied source names: copies of packages in it, lock files, pinned requirements.

A range names no version and is left out; so is what a lock file marks as needed for development only.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from email.errors import MessageError
from email.parser import HeaderParser
from typing import Any

from aei_inspection.extract.texts import Extract

#: Ecosystem as OSV spells it, name, version.
Pinned = tuple[str, str, str]

_LARGEST = 4 * 1024 * 1024
_REQUIREMENT = re.compile(
    r"\s*([A-Za-z0-9][\w.-]{0,99})\s*(?:\[[^\]]{0,200}\])?\s*={2,3}\s*([\w.!+-]{1,100})"
)
_FOR_DEVELOPMENT = re.compile(r"dev|test|doc|lint", re.IGNORECASE)
_GO = re.compile(
    r"^\s*(?:require\s+)?([\w.-]{1,100}\.[a-z]{2,20}/[\w./~-]{1,200})\s+(v\d[\w.+-]{0,100})", re.MULTILINE
)
_NODE = "node_modules/"


def pinned_in(sources: Iterable[Extract]) -> Iterator[Pinned]:
    """The packages that source files name with one exact version; what can't be read names none."""
    for source in sources:
        if len(source.content) <= _LARGEST:
            text = source.content.decode("utf-8", "replace")
            yield from _pinned(source.place, text)


def _pinned(place: str, text: str) -> Iterator[Pinned]:
    *folders, file = place.split("/")
    folder = folders[-1] if folders else ""
    if folder.endswith((".dist-info", ".egg-info")) and file in ("METADATA", "PKG-INFO"):
        yield from _metadata(text)
    elif file.endswith(".txt") and "requirement" in file.lower() and not _FOR_DEVELOPMENT.search(file):
        yield from (("PyPI", m[1], m[2]) for line in text.splitlines() if (m := _REQUIREMENT.match(line)))
    elif file == "package.json" and _NODE in place:
        document = _json(text)
        yield from _known("npm", document.get("name"), document.get("version"))
    elif file in ("package-lock.json", "npm-shrinkwrap.json"):
        yield from _node_lock(_json(text))
    elif file in ("Cargo.lock", "poetry.lock", "uv.lock"):
        yield from _toml_lock("crates.io" if file == "Cargo.lock" else "PyPI", text)
    elif file == "go.mod":
        yield from (("Go", match[1], match[2]) for match in _GO.finditer(text))


def _metadata(text: str) -> Iterator[Pinned]:
    try:
        headers = HeaderParser().parsestr(text)
    except (MessageError, ValueError):
        return
    yield from _known("PyPI", headers["Name"], headers["Version"])


def _node_lock(document: Mapping[str, Any]) -> Iterator[Pinned]:
    """Both forms: `packages` by path (version 2 and 3), `dependencies` by name (version 1)."""
    for path, entry in _mapping(document.get("packages")).items():
        if isinstance(entry, dict) and _NODE in path and not entry.get("dev"):
            yield from _known("npm", path.rpartition(_NODE)[2], entry.get("version"))
    waiting = [_mapping(document.get("dependencies"))]
    while waiting:
        for name, entry in waiting.pop().items():
            if isinstance(entry, dict) and not entry.get("dev"):
                yield from _known("npm", name, entry.get("version"))
                waiting.append(_mapping(entry.get("dependencies")))


def _toml_lock(ecosystem: str, text: str) -> Iterator[Pinned]:
    """Packages that come from a registry; those of the project itself have no source."""
    try:
        packages = tomllib.loads(text).get("package")
    except (ValueError, RecursionError):
        return
    for entry in packages if isinstance(packages, list) else ():
        source = _mapping(entry).get("source")
        own = isinstance(source, dict) and not {"registry", "type"} & set(source)
        if not own and (source or ecosystem == "PyPI"):
            yield from _known(ecosystem, _mapping(entry).get("name"), _mapping(entry).get("version"))


def _known(ecosystem: str, name: object, version: object) -> Iterator[Pinned]:
    if all(isinstance(part, str) and part and part.isprintable() for part in (name, version)):
        yield ecosystem, str(name), str(version)


def _json(text: str) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
