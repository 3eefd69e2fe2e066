"""Embedded packages and modules: what is packed into the component, as far as it can be told."""

from collections import defaultdict
from collections.abc import Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.checks.unused_permissions import KIT
from aei_inspection.extract.components import pypi_name
from aei_inspection.extract.programs import programs_in

_MOST_NAMED = 40


def run(subject: Subject) -> Iterator[Finding]:
    """Programs in the data, distributions in two versions, what each is, and what is known of none."""
    yield from _programs(subject)
    yield from _twins(subject)
    for found in subject.distributions:
        title = f"Python distribution {found.name} {found.version}"
        if found.exact:
            yield Finding(Severity.INFO, title, "plugin.wasm", rule="distribution")
        else:
            advice = "Its name or version may be cut off; name it in the SBOM."
            yield Finding(Severity.LOW, title, "plugin.wasm", advice, rule="distribution-inexact")
    yield from _modules(subject)
    yield from _producers(subject)


def _programs(subject: Subject) -> Iterator[Finding]:
    for region in subject.memory:
        for kind, at in programs_in(region.content):
            yield Finding(
                Severity.HIGH,
                f"The component carries a {kind} program in its data",
                f"{region.place} +{at:#x}",
                "Leave it out: nothing in a plugin can run it, and nobody can tell what it is for.",
                region.content[at : at + 32].hex(" "),
                "embedded-program",
            )


def _twins(subject: Subject) -> Iterator[Finding]:
    versions = defaultdict(set)
    for found in subject.distributions:
        versions[pypi_name(found.name)].add(found.version)
    for name, several in sorted(versions.items()):
        if len(several) > 1:
            title = f"Python distribution {name} is there in {len(several)} versions"
            advice = "Bundle one of them; which one runs depends on the order of folders."
            yield Finding(
                Severity.MEDIUM,
                title,
                "plugin.wasm",
                advice,
                ", ".join(sorted(several)),
                "distribution-twice",
            )


def _modules(subject: Subject) -> Iterator[Finding]:
    """The modules of which no distribution is known: the plugin's own, or somebody's that is not named."""
    known = {pypi_name(found.name).replace("-", "_") for found in subject.distributions} | KIT
    own = {module.top for module in subject.python_modules if module.folder != "python"}
    unknown = sorted(own - known)
    if unknown:
        named = ", ".join(unknown[:_MOST_NAMED]) + (", …" if len(unknown) > _MOST_NAMED else "")
        title = f"{len(unknown)} Python modules belong to no distribution that is known"
        yield Finding(Severity.INFO, title, "plugin.wasm", "", named, "module")


def _producers(subject: Subject) -> Iterator[Finding]:
    """The tools that the component says it was made with: anybody can write that."""
    said = {
        f"{name} {version}".strip()
        for module in subject.modules
        for tools in module.producers.values()
        for name, version in tools
    }
    if said:
        named = ", ".join(sorted(said)[:_MOST_NAMED])
        yield Finding(Severity.INFO, "It says what it was made with", "plugin.wasm", "", named, "producers")


CHECK = Check("embedded", 1, "Embedded packages and modules", run)
