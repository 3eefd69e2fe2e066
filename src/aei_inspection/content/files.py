"""What the files of a supplied source are: code, data or prose; written by the author or by others."""

import re
from collections.abc import Iterable

from aei_inspection.extract.texts import Extract

_PYTHON = (".py", ".pyi", ".pyw")
_CURLY = (
    ".js",
    ".mjs",
    ".cjs",
    ".jsx",
    ".ts",
    ".tsx",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".hpp",
    ".rs",
    ".go",
    ".java",
    ".kt",
    ".cs",
    ".zig",
)
_SCRIPTS = (".sh", ".bash", ".zsh", ".ps1", ".bat", ".cmd", ".rb", ".pl", ".php", ".lua", ".wat")
_PROSE = (".md", ".rst", ".txt", ".adoc", ".html", ".htm", ".tex")
_PROSE_NAMES = re.compile(
    r"(?:^|/)(licen[cs]e|copying|notice|authors|changelog|readme|news|history|contributing)[^/]*$",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"(?:^|/)(_?vendor(?:ed)?|third[_-]?party|node_modules|site-packages|external|extern|deps)/",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(
    r"(?:^|[/_.-])(tests?|testing|fixtures?|testdata|examples?|samples?|docs?|demo|mocks?|recorded)(?:[/_.-]|$)",
    re.IGNORECASE,
)
_METADATA = re.compile(r"^(.*?)([^/]+)-[^/-]+\.(?:dist|egg)-info/")


def is_python(place: str) -> bool:
    """Whether a path is of a Python source."""
    return place.endswith(_PYTHON)


def is_curly(place: str) -> bool:
    """Whether a path is of a source with C's comments and quotes."""
    return place.endswith(_CURLY)


def is_code(place: str) -> bool:
    """Whether a path is of a source in any language."""
    return place.endswith(_PYTHON + _CURLY + _SCRIPTS)


def is_prose(place: str) -> bool:
    """Whether a path is of something to read."""
    return place.endswith(_PROSE) or bool(_PROSE_NAMES.search(place))


def is_example(place: str) -> bool:
    """Whether a path is of tests, documentation or examples."""
    return bool(_EXAMPLES.search(place.removeprefix("source/"))) or is_prose(place)


def others_folders(sources: Iterable[Extract]) -> tuple[str, ...]:
    """Folders of the sources that hold distributions of others, known by the metadata beside them."""
    found = set()
    for source in sources:
        if match := _METADATA.match(source.place):
            found.add(f"{match[1]}{match[2].lower()}/")
            found.add(match[0])
    return tuple(sorted(found))


def is_others(place: str, folders: Iterable[str]) -> bool:
    """Whether a path is of code that the author took over.

    Args:
        folders: from `others_folders`.
    """
    return bool(_OTHERS.search(place)) or any(place.lower().startswith(folder.lower()) for folder in folders)
