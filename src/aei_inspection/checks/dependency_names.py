"""Names of dependencies: mistaken for popular ones, private ones that anybody can take, other indexes."""

import sys
from collections.abc import Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.content.files import is_others, others_folders
from aei_inspection.content.package_names import mistaken_for, sounds_private
from aei_inspection.content.requirements import Requirement, requirements
from aei_protocol.manifest import COMPONENT_NAME, SBOM_NAME

_ADVICE = "Correct the name if it is a slip. If it is meant, say so in the README and ask for a waiver."
_OWN = "Take every package from the public index by a name that you own, with its hash."
#: Where what the report lists was found.
_PLACES = {"embedded": COMPONENT_NAME, "sbom": SBOM_NAME, "source": "source"}


def run(subject: Subject) -> Iterator[Finding]:
    """One finding for each name: of what is embedded, claimed by the SBOM, and named in the sources."""
    told: set[tuple[str, str]] = set()
    for requirement in _named(subject):
        key = (requirement.kind if requirement.kind != "import" else "named", requirement.name.lower())
        if key not in told:
            told.add(key)
            yield from _judged(requirement)


def _named(subject: Subject) -> Iterator[Requirement]:
    for component in subject.components:
        place = _PLACES[component.origin]
        yield Requirement(component.ecosystem, component.name, place)
    folders = others_folders(subject.sources)
    own = [source for source in subject.sources if not is_others(source.place, folders)]
    modules = {part for source in subject.sources for part in source.place.removesuffix(".py").split("/")}
    for requirement in requirements(own):
        # What stands in the sources is no package of others, whatever it is near to.
        if requirement.kind != "import" or requirement.name not in modules | sys.stdlib_module_names:
            yield requirement


def _judged(requirement: Requirement) -> Iterator[Finding]:
    name, place = requirement.name, requirement.place
    match requirement.kind:
        case "index":
            title = "Asks another index of packages"
            yield Finding(Severity.HIGH, title, place, _OWN, name, "other-index")
        case "url":
            title = "Takes a package from an address instead of an index"
            yield Finding(Severity.MEDIUM, title, place, _OWN, name, "package-by-address")
        case "script":
            title = "Runs a command when it is installed"
            yield Finding(
                Severity.MEDIUM, title, place, "Build without such commands.", name, "install-script"
            )
        case _:
            yield from _by_name(requirement)


def _by_name(requirement: Requirement) -> Iterator[Finding]:
    name = requirement.name
    if known := mistaken_for(requirement.ecosystem, name):
        title = f"A dependency is named almost like {known}"
        severity = Severity.MEDIUM if requirement.kind == "import" else Severity.HIGH
        yield Finding(severity, title, requirement.place, _ADVICE, name, "typosquat")
    elif requirement.kind == "named" and requirement.ecosystem and sounds_private(name):
        title = "A dependency sounds like an organisation's own"
        advice = f"Anybody can publish this name. {_OWN}"
        yield Finding(Severity.MEDIUM, title, requirement.place, advice, name, "dependency-confusion")


CHECK = Check("dependency-names", 1, "Names of dependencies", run)
