"""What no file may hold: paths of the machine that it was written on, host names of package registries."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tools.documentation.pages import Fault

_LARGEST_BYTES = 4 * 1024 * 1024
#: Folders that every machine has; a clone below one of them says nothing about this machine.
_COMMON = {Path(name) for name in ("/", "/home", "/tmp", "/opt", "/srv", "/usr", "/usr/src", "/var", "/mnt")}  # noqa: S108 compared, never written
# In pieces, so that this file does not hold what it looks for.
_REGISTRIES = (("pypi", "org"), ("python" + "hosted", "org"), ("registry", "npmjs", "org"), ("crates", "io"))
#: What the OSV schema calls this registry's packages, whoever serves them.
_ECOSYSTEM = "crates" + ".io"
_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "NPM_CONFIG_REGISTRY")


def check_words(root: Path, files: Iterable[str]) -> Iterator[Fault]:
    """Every line of every file that holds a forbidden word."""
    forbidden = {**_machine_paths(root), **_registry_hosts()}
    # One search over the whole line; which of the words it was is asked only where there is one.
    any_of = re.compile("|".join(f"(?:{pattern})" for pattern in forbidden.values()))
    for path in files:
        for number, line in enumerate(_lines(root / path), 1):
            if any_of.search(line):
                yield from (
                    Fault(path, number, what) for what, word in forbidden.items() if re.search(word, line)
                )


def _machine_paths(root: Path) -> dict[str, str]:
    """What is said of a path, and the pattern that finds it."""
    places = {root.resolve(), root.resolve().parent, Path.home()} - _COMMON
    found = {f"a path of this machine: {place}": _pattern(place) for place in sorted(places)}
    return found | {"a path of somebody's home folder": r"(?<![\w.~-])/(?:home|Users)/[a-z][\w-]*/"}


def _pattern(place: Path) -> str:
    # A folder directly below the root may be called like a part of an address: only what lies in it counts.
    inside = r"/\w" if len(place.parts) == 2 else r"\b"
    return rf"(?<![\w.~-]){re.escape(str(place))}{inside}"


def _registry_hosts() -> dict[str, str]:
    hosts = {".".join(pieces) for pieces in _REGISTRIES}
    hosts |= {urlsplit(os.environ[name]).hostname or "" for name in _INDEXES if os.environ.get(name)}
    return {f"the host of a package registry: {h}": _host(h) for h in hosts if h}


def _host(host: str) -> str:
    """A host's name, but not where it stands alone in quotes and is the name of one of OSV's ecosystems."""
    word = rf"(?<![\w-]){re.escape(host)}\b"
    quotes = "[\"'`]"
    return word if host != _ECOSYSTEM else rf"(?<!{quotes}){word}|{word}(?!{quotes})"


def _lines(path: Path) -> list[str]:
    if path.is_symlink() or path.stat().st_size > _LARGEST_BYTES:
        return []
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return []
