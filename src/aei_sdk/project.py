"""An author's project: a folder with `plugin.json`, `README.md` and `src/plugin.c`, `.py` or `.js`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from aei_protocol.manifest import MANIFEST_NAME, README_NAME, Manifest
from aei_sdk.errors import Fault, ProjectRefused
from aei_sdk.gate import read_manifest

SOURCE_FOLDER = "src"
#: Files beside the manifest that a package carries when they exist.
DOCUMENTS = (README_NAME, "CHANGELOG.md", "LICENSE", "icon.svg", "icon.png")

#: The most that a build reads: far more than any plugin's code, far less than a memory.
MOST_FILES = 5_000
LARGEST_SOURCES = 64 * 1024 * 1024


class Language(StrEnum):
    """What a plugin is written in; the value is the suffix of its source."""

    C = "c"
    PYTHON = "py"
    JAVASCRIPT = "js"


@dataclass(frozen=True)
class Project:
    """A project whose manifest has passed the gate."""

    directory: Path
    manifest: Manifest
    manifest_bytes: bytes
    language: Language

    @property
    def source_folder(self) -> Path:
        return self.directory / SOURCE_FOLDER

    def sources(self) -> dict[str, bytes]:
        """Every source file, path relative to `src/` to content, sorted.

        Raises:
            ProjectRefused: a link leads out of the project, or there is more than a build takes.
        """
        found = [p for p in sorted(self.source_folder.rglob("*")) if p.is_file() and _is_source(p)]
        _refuse_giant(self.directory, found)
        return {p.relative_to(self.source_folder).as_posix(): _read(self.directory, p) for p in found}

    def documents(self) -> dict[str, bytes]:
        """The documents that travel in the package, name to content.

        Raises:
            ProjectRefused: a link leads out of the project, or there is more than a build takes.
        """
        found = [self.directory / name for name in DOCUMENTS if (self.directory / name).is_file()]
        _refuse_giant(self.directory, found)
        return {path.name: _read(self.directory, path) for path in found}


def read_project(directory: Path) -> Project:
    """Read and check a project.

    Raises:
        ProjectRefused: no manifest, a manifest that breaks the rules, no README, no source.
    """
    manifest_path = directory / MANIFEST_NAME
    if not manifest_path.is_file():
        raise ProjectRefused(
            f"{directory} is not a plugin's project",
            f"There is no {MANIFEST_NAME} in it.",
            advice="Go to the project's folder, or make one: aei plugin new NAMESPACE.NAME --lang python",
        )
    _refuse_giant(directory, [manifest_path])
    content = _read(directory, manifest_path)
    manifest = read_manifest(content)
    if not (directory / README_NAME).is_file():
        raise ProjectRefused(
            f"{README_NAME} is missing",
            "It becomes the listing's long description, so every package has one.",
            advice=f"Write {README_NAME} beside {MANIFEST_NAME}.",
            faults=[Fault(README_NAME, "is missing")],
        )
    return Project(directory, manifest, content, _language(directory))


def _language(directory: Path) -> Language:
    present = [lang for lang in Language if (directory / SOURCE_FOLDER / f"plugin.{lang}").is_file()]
    if len(present) == 1:
        return present[0]
    names = " or ".join(f"{SOURCE_FOLDER}/plugin.{lang}" for lang in Language)
    what = f"{len(present)} of them are" if present else "none of them is"
    raise ProjectRefused(
        "The source is not clear" if present else "The source is missing",
        f"A project has one entry, {names}; {what} there.",
        advice="Keep the one that holds the plugin." if present else "Write one of them.",
        faults=[Fault(SOURCE_FOLDER, f"expected one of {names}")],
    )


def _refuse_giant(directory: Path, paths: Sequence[Path]) -> None:
    """Asked before anything is read: a build must not fill the memory of this machine."""
    size = sum(path.stat().st_size for path in paths)
    if len(paths) <= MOST_FILES and size <= LARGEST_SOURCES:
        return
    largest = max(paths, key=lambda path: path.stat().st_size)
    raise ProjectRefused(
        "The project is too large",
        f"{len(paths):,} files with {size:,} bytes; a build takes {MOST_FILES:,} files and "
        f"{LARGEST_SOURCES:,} bytes.",
        advice="Keep data, tests and what tools leave behind outside src/; a plugin carries only its code.",
        faults=[Fault(str(largest.relative_to(directory)), f"has {largest.stat().st_size:,} bytes")],
    )


def read_inside(directory: Path, path: Path, largest: int) -> bytes:
    """A file of the project.

    Args:
        largest: bytes that it may have.

    Raises:
        ProjectRefused: it is larger, or a link leads out of the project.
    """
    if (size := path.stat().st_size) > largest:
        raise ProjectRefused(
            "A file is too large",
            faults=[
                Fault(str(path.relative_to(directory)), f"has {size:,} bytes; at most {largest:,} are read")
            ],
        )
    return _read(directory, path)


def _read(directory: Path, path: Path) -> bytes:
    """A file's content; what is linked into a project from elsewhere must not travel in its package."""
    if not path.resolve().is_relative_to(directory.resolve()):
        place = str(path.relative_to(directory))
        raise ProjectRefused(
            "A link leads out of the project",
            "What it leads to would be published with the plugin.",
            advice="Copy the file into the project, or remove the link.",
            faults=[Fault(place, "leads out of the project's folder")],
        )
    return path.read_bytes()


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts[-1:])
