"""An author's project: a folder with `plugin.json`, `README.md` and `src/plugin.c` or `src/plugin.py`."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from aei_protocol.manifest import MANIFEST_NAME, README_NAME, Manifest
from aei_sdk.errors import Fault, ProjectRefused
from aei_sdk.gate import read_manifest

SOURCE_FOLDER = "src"
#: Files beside the manifest that a package carries when they exist.
DOCUMENTS = (README_NAME, "CHANGELOG.md", "LICENSE", "icon.svg", "icon.png")


class Language(StrEnum):
    """What a plugin is written in; the value is the suffix of its source."""

    C = "c"
    PYTHON = "py"


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
        """Every source file, path relative to `src/` to content, sorted."""
        found = (p for p in sorted(self.source_folder.rglob("*")) if p.is_file() and _is_source(p))
        return {p.relative_to(self.source_folder).as_posix(): p.read_bytes() for p in found}

    def documents(self) -> dict[str, bytes]:
        """The documents that travel in the package, name to content."""
        return {n: (self.directory / n).read_bytes() for n in DOCUMENTS if (self.directory / n).is_file()}


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
    content = manifest_path.read_bytes()
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
    what = "are both there" if present else "is there"
    raise ProjectRefused(
        "The source is not clear" if present else "The source is missing",
        f"A project has one entry, {names}; {'they' if present else 'neither'} {what}.",
        advice="Keep the one that holds the plugin." if present else "Write one of them.",
        faults=[Fault(SOURCE_FOLDER, f"expected one of {names}")],
    )


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts[-1:])
