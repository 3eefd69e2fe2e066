"""Which names an archive's entries may have: safe on every file system, and known to the contract."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from aei_inspection.problems import Problem, entry_pointer, shown
from aei_protocol.manifest import COMPONENT_NAME, MANIFEST_NAME, README_NAME, SBOM_NAME

CHANGELOG_NAME, LICENSE_NAME = "CHANGELOG.md", "LICENSE"
ICON_NAMES = ("icon.svg", "icon.png")
SOURCE_FOLDER = "source/"

REQUIRED = (MANIFEST_NAME, COMPONENT_NAME)
KNOWN = frozenset({*REQUIRED, README_NAME, CHANGELOG_NAME, LICENSE_NAME, *ICON_NAMES, SBOM_NAME})
LONGEST_NAME = 255

_DRIVE = re.compile(r"[A-Za-z]:")
_RESERVED_CHARACTERS = re.compile(r'[<>:"|?*]')
#: Devices of Windows, with or without a suffix; superscript digits count there too.
_RESERVED_STEM = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)


def decode_name(raw: bytes, utf8: bool) -> str | Problem:
    """The name as text: strict UTF-8 when the entry says so, else ASCII (older code pages are guesses)."""
    if len(raw) > LONGEST_NAME:
        pointer = entry_pointer(raw[:60].decode("utf-8", "backslashreplace") + "…")
        return Problem(
            "name_too_long", pointer, f"The name has {len(raw)} bytes; at most {LONGEST_NAME} are allowed."
        )
    try:
        return raw.decode("utf-8" if utf8 else "ascii")
    except UnicodeDecodeError:
        pointer = entry_pointer(raw.decode("utf-8", "backslashreplace"))
        return Problem(
            "name_not_utf8",
            pointer,
            "The name is not marked and written as UTF-8; rename the file or mark it.",
        )


def name_problem(name: str) -> Problem | None:
    """The first thing that is wrong with a name by itself, if anything."""
    for code, message in _faults(name):
        return Problem(code, entry_pointer(name), message)
    return None


def _faults(name: str) -> Iterator[tuple[str, str]]:
    path = name[:-1] if name.endswith("/") else name
    if not path:
        yield "empty_name", "An entry has no name."
    if "\0" in name:
        yield "nul_in_name", "The name contains a NUL byte; programs disagree on where it ends."
    if any(unicodedata.category(c) == "Cc" for c in name):
        yield "control_in_name", "The name contains a control character; rename the file."
    if any(unicodedata.category(c)[0] in "C" or c in "\u2028\u2029" for c in name):
        yield (
            "invisible_in_name",
            "The name contains an invisible or direction-changing character; rename the file.",
        )
    if "\\" in name:
        yield "backslash_path", "The name contains a backslash; folders are written with /."
    if name.startswith("/"):
        yield "absolute_path", "The name is an absolute path; entries are relative to the package."
    if _DRIVE.match(name):
        yield "drive_path", "The name begins with a drive letter; entries are relative to the package."
    parts = path.split("/")
    if ".." in parts:
        yield "parent_path", "The name climbs out of the package with `..`."
    if "." in parts or "" in parts:
        yield "dot_segment", "The name has an empty or `.` segment; write the path plainly."
    if any(_reserved(part) for part in parts):
        yield (
            "reserved_name",
            'A part of the name is reserved by some systems: a device, outer space or dot, one of <>:"|?*.',
        )
    if unicodedata.normalize("NFC", name) != name:
        yield "name_not_nfc", "The name is not in Unicode normal form C; rename the file."


def _reserved(part: str) -> bool:
    return bool(
        _RESERVED_CHARACTERS.search(part)
        or part.endswith((".", " "))
        or part.startswith(" ")
        or _RESERVED_STEM.fullmatch(part.split(".", 1)[0].rstrip())
    )


def twin_problems(names: Iterable[str]) -> list[Problem]:
    """Names that are the same file on some system: equal, or equal up to case or Unicode form."""
    seen: dict[str, str] = {}
    problems = []
    for name in names:
        other = seen.setdefault(_folded(name), name)
        if other is not name:
            problems.append(_twin(other, name))
    return problems


def _folded(name: str) -> str:
    """One key for all names that some file system takes for the same (NTFS, APFS, HFS+)."""
    path = unicodedata.normalize("NFKC", name.rstrip("/")).casefold()
    return unicodedata.normalize("NFKC", path)


def _twin(first: str, second: str) -> Problem:
    if first == second:
        code, how = "duplicate_entry", "stands in the archive twice"
    elif first.rstrip("/") == second.rstrip("/"):
        code, how = "file_as_folder", "is both a file and a folder"
    elif unicodedata.normalize("NFC", first).casefold() == unicodedata.normalize("NFC", second).casefold():
        same_case = unicodedata.normalize("NFC", first) == unicodedata.normalize("NFC", second)
        code = "unicode_twin" if same_case else "case_fold_twin"
        how = f"differs from {shown(first)!r} only in {'its Unicode form' if same_case else 'case'}"
    else:
        code, how = "unicode_twin", f"differs from {shown(first)!r} only in its Unicode form"
    return Problem(code, entry_pointer(second), f"The entry {how}; keep one of them.")


def folder_problems(names: Iterable[str]) -> list[Problem]:
    """Files that another entry uses as a folder: `source/a` beside `source/a/b`."""
    listed = list(names)
    files = {_folded(name) for name in listed if not name.endswith("/")}
    return [
        Problem(
            "file_as_folder",
            entry_pointer(name),
            "A parent of this entry is itself a file; keep one of them.",
        )
        for name in listed
        if any(parent in files for parent in _parents(_folded(name)))
    ]


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def place_problem(name: str) -> Problem | None:
    """`unknown_entry` unless the contract knows the place."""
    if name in KNOWN or name.startswith(SOURCE_FOLDER):
        return None
    places = f"{', '.join(sorted(KNOWN))} and files under {SOURCE_FOLDER}"
    message = f"A package holds {places}, nothing else; move or remove this one."
    return Problem("unknown_entry", entry_pointer(name), message)


def missing_problems(names: Iterable[str]) -> list[Problem]:
    """`missing_entry` for each required file that is absent."""
    present = set(names)
    return [
        Problem(
            "missing_entry",
            entry_pointer(name),
            f"The package has no {name}; build it with `aei plugin build`.",
        )
        for name in REQUIRED
        if name not in present
    ]
