"""The SBOM against what was found: it names what is inside, in the right version, and this very component."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from aei_inspection.checks.check import Check, NotRun
from aei_inspection.checks.report import Component, Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.extract.components import embedded_components, sbom_components
from aei_protocol.manifest import COMPONENT_NAME, SBOM_NAME

_BUILD = "Build the package with `aei plugin build`, which writes the SBOM."


def run(subject: Subject) -> Iterator[Finding]:
    """What is inside and not listed, listed in another version, or listed for another component.

    Raises:
        NotRun: there is no SBOM and nothing was found that one would have to name.
    """
    found = sorted(set(embedded_components(subject.distributions, subject.scripts)))
    if subject.sbom is None:
        if not found:
            raise NotRun("The package has no SBOM.")
        yield Finding(
            Severity.HIGH, "There is no SBOM, though packages are inside", SBOM_NAME, _BUILD, rule="missing"
        )
    claimed: dict[tuple[str, str], set[str]] = {}
    for component in sbom_components(subject.sbom or {}):
        claimed.setdefault((component.ecosystem, component.name), set()).add(component.version)
    for component in found:
        yield from _compared(component, claimed.get((component.ecosystem, component.name), set()))
    yield from _other_component(subject.sbom or {}, subject.component)


def _compared(found: Component, versions: set[str]) -> Iterator[Finding]:
    name = f"{found.ecosystem} package {found.name}"
    if not versions:
        title = f"{name} {found.version} is inside and not in the SBOM"
        yield Finding(Severity.HIGH, title, COMPONENT_NAME, _BUILD, rule="unlisted")
    elif found.version not in versions:
        title = f"{name} is inside in version {found.version}; the SBOM says {', '.join(sorted(versions))}"
        yield Finding(Severity.HIGH, title, COMPONENT_NAME, _BUILD, rule="other-version")


def _other_component(sbom: Mapping[str, Any], component: bytes) -> Iterator[Finding]:
    """Whether the SBOM has the digest of another `plugin.wasm`."""
    digest = hashlib.sha256(component).hexdigest()
    for entry in sbom.get("components", ()):
        if entry.get("type") == "file" and entry.get("name") == COMPONENT_NAME:
            for stated in _sha256s(entry):
                if stated.lower() != digest:
                    title = "The SBOM describes another plugin.wasm"
                    yield Finding(
                        Severity.HIGH, title, SBOM_NAME, _BUILD, f"it says {stated}", "other-component"
                    )


def _sha256s(entry: Mapping[str, Any]) -> Iterator[str]:
    hashes = entry.get("hashes")
    for each in hashes if isinstance(hashes, list) else ():
        if isinstance(each, Mapping) and each.get("alg") == "SHA-256":
            yield str(each.get("content", ""))


CHECK = Check("sbom", 1, "SBOM against what was found", run)
