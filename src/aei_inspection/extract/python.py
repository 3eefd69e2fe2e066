"""Python inside a component: the distributions packed into it, and the modules that were loaded.

A component of Python is a snapshot of an interpreter after the imports. Its heap still holds the names of
the folders beside the modules, `NAME-VERSION.dist-info` among them, and the file name of every code object.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from aei_inspection.extract.memory import Region

#: PEP 376 and 427: the folder of an installed distribution, its version as in PEP 440.
_FOLDER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9_.]*)-([0-9][0-9A-Za-z.!+_]*)\.(?:dist|egg)-info")
_FOLDER_END = re.compile(rb"\.(?:dist|egg)-info(?=[\0/])")
#: A code object's file: folders of the build are numbered, the standard library's is `python`.
FILE_NAME = re.compile(rb"\0(/(\d{1,4}|python)/([A-Za-z0-9_][A-Za-z0-9_./-]{0,300})\.py)(?=\0)")

_LONGEST_FOLDER = 160
_MOST_FOLDERS = 50_000
#: `PyASCIIObject` in CPython's unicodeobject.h, 32 bits: reference count, type, length, hash, state.
_HEADER, _LENGTH_AT = 20, 8


@dataclass(frozen=True, order=True)
class Distribution:
    """A distribution as its folder is called.

    Attributes:
        exact: the name stands in a string object of exactly this length; otherwise it may be a part of a
            longer text.
    """

    name: str
    version: str
    exact: bool


@dataclass(frozen=True, order=True)
class Module:
    """A loaded module.

    Attributes:
        folder: number of the build's folder that it came from, or `python` for the standard library.
        path: `requests/sessions`, without the suffix.
    """

    folder: str
    path: str

    @property
    def top(self) -> str:
        """The package or module that is imported: `requests`."""
        return self.path.split("/", 1)[0]


def find_distributions(memory: Iterable[Region]) -> tuple[Distribution, ...]:
    """The distributions whose folders the heap names, sorted; exact ones stand for their inexact twins.

    Raises:
        ValueError: it names more folders than any plugin has.
    """
    found: set[Distribution] = set()
    left = _MOST_FOLDERS
    for region in memory:
        ends = [match.end() for match in islice(_FOLDER_END.finditer(region.content), left + 1)]
        left -= len(ends)
        if left < 0:
            raise ValueError(f"more than {_MOST_FOLDERS:,} folders of distributions are named")
        found.update(_distributions_in(region.content, ends))
    exact = {(dist.name, dist.version) for dist in found if dist.exact}
    return tuple(sorted(d for d in found if d.exact or (d.name, d.version) not in exact))


def find_modules(memory: Iterable[Region]) -> tuple[Module, ...]:
    """The modules that code objects name, sorted."""
    found = (match for region in memory for match in FILE_NAME.finditer(region.content))
    return tuple(sorted({Module(match[2].decode(), match[3].decode()) for match in found}))


def _distributions_in(content: bytes, ends: Iterable[int]) -> Iterator[Distribution]:
    for end in ends:
        if found := _whole(content, end) or _part(content, end):
            yield found


def _whole(content: bytes, end: int) -> Distribution | None:
    """The folder name that ends here, if a string object begins just before it."""
    for length in range(_LONGEST_FOLDER):
        start = end - length
        size_at = start - _HEADER + _LENGTH_AT
        if size_at < 0:
            return None
        if int.from_bytes(content[size_at : size_at + 4], "little") == length and (
            match := _FOLDER.fullmatch(content, start, end)
        ):
            return Distribution(match[1].decode(), match[2].decode(), True)
    return None


def _part(content: bytes, end: int) -> Distribution | None:
    """The folder name that ends here, as far back as its characters reach."""
    matches = list(_FOLDER.finditer(content, max(0, end - _LONGEST_FOLDER), end))
    return Distribution(matches[-1][1].decode(), matches[-1][2].decode(), False) if matches else None
