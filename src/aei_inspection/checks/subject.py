"""What a check may look at: a package, what can be read out of it, and the certified release before it.

Everything is computed on first use and kept, so that checks share it. Whatever can't be read raises
`PackageRefused`, of which a check needs to know nothing: it is then not run, and the check of the package
says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from aei_inspection.archive import Archive, read_archive
from aei_inspection.checks.report import Component
from aei_inspection.extract.components import embedded_components, sbom_components, source_components
from aei_inspection.extract.core_modules import CoreModule, read_core_modules
from aei_inspection.extract.hosts import hosts_named
from aei_inspection.extract.javascript import scripts
from aei_inspection.extract.memory import Region, rebuild_memory
from aei_inspection.extract.pinned import pinned_in
from aei_inspection.extract.python import Distribution, Module, find_distributions, find_modules
from aei_inspection.extract.python_code import Function, find_functions
from aei_inspection.extract.strings import strings_of
from aei_inspection.extract.texts import Extract
from aei_inspection.gate import Package, inspect_package
from aei_inspection.listing_files import read_sbom
from aei_inspection.manifest import read_manifest
from aei_inspection.problems import PackageRefused, Problem
from aei_protocol.manifest import COMPONENT_NAME, MANIFEST_NAME, SBOM_NAME, Manifest

SOURCE_FOLDER = "source/"


@dataclass(frozen=True)
class Previous:
    """The last certified release of the same plugin.

    Attributes:
        digest: sha256 of its archive.
        size: bytes of its archive.
        manifest: its document.
        hosts: those that its code named.
    """

    version: str
    digest: str
    size: int
    manifest: Mapping[str, Any]
    hosts: tuple[str, ...] = ()


class Subject:
    """One package under scan.

    Args:
        content: the archive, whole.
        previous: None for the first release that asks.
    """

    def __init__(self, content: bytes, previous: Previous | None = None) -> None:
        self.content = content
        self.previous = previous

    @cached_property
    def digest(self) -> str:
        """sha256 of the archive, in hexadecimal."""
        return sha256(self.content).hexdigest()

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Why the gate refuses the package; nothing when it accepts.

        Raises:
            InspectionUnavailable: the component could not be judged.
        """
        return self._judged[1]

    @property
    def package(self) -> Package:
        """The package as the gate accepted it."""
        package, problems = self._judged
        if package is None:
            raise PackageRefused(problems)
        return package

    @cached_property
    def archive(self) -> Archive:
        """The archive, its records checked; also where the gate refuses what is in it."""
        return read_archive(self.content)

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest; also where the gate refuses the rest."""
        return read_manifest(self.archive.read(MANIFEST_NAME))

    @cached_property
    def component(self) -> bytes:
        """`plugin.wasm`."""
        return self.archive.read(COMPONENT_NAME)

    @cached_property
    def sbom(self) -> Mapping[str, Any] | None:
        """The CycloneDX document; None when there is none."""
        return read_sbom(self.archive.read(SBOM_NAME)) if SBOM_NAME in self.archive.entries else None

    @cached_property
    def sources(self) -> tuple[Extract, ...]:
        """The files below `source/`, by path; none where no source was supplied."""
        names = sorted(name for name in self.archive.names if name.startswith(SOURCE_FOLDER))
        return tuple(Extract(name, self.archive.read(name)) for name in names)

    @cached_property
    def modules(self) -> tuple[CoreModule, ...]:
        """The core modules inside, nested components included."""
        return read_core_modules(self.component)

    @cached_property
    def memory(self) -> tuple[Region, ...]:
        """The linear memories as they are when the component starts."""
        return tuple(region for module in self.modules for region in rebuild_memory(module))

    @cached_property
    def strings(self) -> tuple[Extract, ...]:
        """Printable text out of the memories, one run a line."""
        return strings_of(self.memory)

    @cached_property
    def distributions(self) -> tuple[Distribution, ...]:
        """Python distributions packed into the component, with their versions."""
        return find_distributions(self.memory)

    @cached_property
    def python_modules(self) -> tuple[Module, ...]:
        """Python modules loaded in the component."""
        return find_modules(self.memory)

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Python functions of the modules that came with the plugin."""
        return find_functions(self.memory)

    @cached_property
    def scripts(self) -> tuple[Extract, ...]:
        """JavaScript packed into the component."""
        return scripts(self.memory)

    @property
    def texts(self) -> Sequence[Extract]:
        """Everything that holds words of the code: strings of the memories, and the sources supplied."""
        return (*self.strings, *self.sources)

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Software inside: what was found, what the SBOM claims, and what the source names."""
        embedded = embedded_components(self.distributions, self.scripts)
        supplied = source_components(pinned_in(self.sources))
        found = {*embedded, *sbom_components(self.sbom or {}), *supplied}
        return tuple(sorted(found))

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """Names of hosts that the code names, sorted."""
        return hosts_named(self.texts)

    def as_previous(self) -> Previous:
        """This release, for a later one to be compared with."""
        manifest = self.manifest
        return Previous(manifest.version, self.digest, len(self.content), manifest.document, self.hosts)

    @cached_property
    def _judged(self) -> tuple[Package | None, tuple[Problem, ...]]:
        try:
            return inspect_package(self.content), ()
        except PackageRefused as refusal:
            return None, refusal.problems
