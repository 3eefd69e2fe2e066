"""The gate: everything that can be said about a package from its bytes alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from aei_inspection.archive import Archive, read_archive
from aei_inspection.component import ComponentFacts, read_component
from aei_inspection.entry_names import CHANGELOG_NAME, ICON_NAMES, LICENSE_NAME
from aei_inspection.listing_files import read_icon, read_sbom, read_text
from aei_inspection.manifest import read_manifest
from aei_inspection.problems import PackageRefused, Problem, entry_pointer
from aei_protocol.interface import SIGNATURES
from aei_protocol.manifest import COMPONENT_NAME, MANIFEST_NAME, README_NAME, SBOM_NAME, Manifest

Read = TypeVar("Read")


@dataclass(frozen=True)
class Icon:
    """The listing's picture: its file name (which says what it is) and its content."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Package:
    """A package that was accepted.

    Attributes:
        sha256, size: of the archive; `component_sha256`: of the component inside.
        component: the component's bytes.
        readme, changelog, license: texts; None where the package has none.
        sbom: the CycloneDX document.
        names: the files in the archive.
    """

    manifest: Manifest
    sha256: str
    size: int
    component_sha256: str
    component: bytes = field(repr=False)
    component_facts: ComponentFacts
    names: tuple[str, ...]
    readme: str | None = field(default=None, repr=False)
    changelog: str | None = field(default=None, repr=False)
    license: str | None = field(default=None, repr=False)
    icon: Icon | None = None
    sbom: Mapping[str, Any] | None = field(default=None, repr=False)


def inspect_package(content: bytes) -> Package:
    """Inspect a package: the archive first, then everything in it.

    Args:
        content: the `.aeiplugin` file, whole.

    Raises:
        PackageRefused: with the archive's problems alone when it can't be trusted, else with all
            problems of all files at once.
        InspectionUnavailable: the component could not be judged (see `wasm_tools`).
    """
    archive = read_archive(content)
    findings = _Findings(archive)
    manifest = findings.of(MANIFEST_NAME, read_manifest)
    # Without a manifest nothing is permitted yet; then only what is wrong in any case is reported.
    interfaces = manifest.interfaces if manifest else tuple(SIGNATURES)
    component = findings.of(COMPONENT_NAME, bytes)
    facts = findings.of_content(component, lambda content: read_component(content, interfaces))
    readme, changelog, licence = (findings.text(name) for name in (README_NAME, CHANGELOG_NAME, LICENSE_NAME))
    icon = findings.icon()
    sbom = findings.of(SBOM_NAME, read_sbom)
    findings.verify_rest()
    if findings.problems or manifest is None or component is None or facts is None:
        raise PackageRefused(findings.problems)
    return Package(
        manifest, archive.sha256, archive.size, facts.sha256, component, facts, archive.names,
        readme, changelog, licence, icon, sbom,
    )  # fmt: skip


class _Findings:
    """The files of one archive, read one by one, and every problem met on the way."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._left = list(archive.names)
        self.problems: list[Problem] = []

    def of(self, name: str, read: Callable[[bytes], Read]) -> Read | None:
        """What `read` makes of a file; None when the package has none, or a problem was found."""
        if name not in self._left:
            return None
        self._left.remove(name)
        return self.of_content(self._collected(partial(self._archive.read, name)), read)

    def of_content(self, content: bytes | None, read: Callable[[bytes], Read]) -> Read | None:
        return None if content is None else self._collected(partial(read, content))

    def text(self, name: str) -> str | None:
        return self.of(name, lambda content: read_text(name, content))

    def icon(self) -> Icon | None:
        present = [name for name in ICON_NAMES if name in self._left]
        if len(present) > 1:
            message = f"The package has {' and '.join(present)}; keep one of them."
            self.problems.append(Problem("two_icons", entry_pointer(present[1]), message))
        return next((icon for name in present if (icon := self._one_icon(name))), None)

    def _one_icon(self, name: str) -> Icon | None:
        return self.of(name, lambda content: Icon(name, read_icon(name, content)))

    def verify_rest(self) -> None:
        """Sizes and checksums of the files that nothing has read."""
        for name in self._left:
            self._collected(partial(self._archive.verify, name))

    def _collected(self, read: Callable[[], Read]) -> Read | None:
        try:
            return read()
        except PackageRefused as refusal:
            self.problems.extend(refusal.problems)
            return None
