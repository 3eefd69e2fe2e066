"""Dependencies: which version of a plugin does for everybody who needs it, or who excludes which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aei_inspection.versions import satisfies

#: So many versions are explained, the highest first; the rest is one number.
MOST_EXPLAINED = 5


@dataclass(frozen=True, slots=True)
class Requirement:
    """What somebody needs of a plugin.

    Attributes:
        by: who needs it, as `acme.counter 1.2.0`.
        range: npm-style range of versions.
    """

    by: str
    range: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What does for all requirements of one plugin.

    Attributes:
        version: the highest that does; None when none does.
        why: where none does, which requirement of whom excludes which version.
    """

    version: str | None
    why: str = ""


def resolve(offered: Sequence[str], requirements: Sequence[Requirement]) -> Resolution:
    """The highest version that lies in every range.

    Args:
        offered: versions that the tenant can install, the highest first.
    """
    excluded: list[str] = []
    for version in offered:
        objections = [r for r in requirements if not _lies_in(version, r.range)]
        if not objections:
            return Resolution(version)
        excluded.append(f"{version} is excluded by {', '.join(_told(r) for r in objections)}")
    if not excluded:
        return Resolution(None, "no version is offered to your tenant")
    more = len(excluded) - MOST_EXPLAINED
    tail = [f"and {more} lower ones likewise"] if more > 0 else []
    return Resolution(None, "; ".join([*excluded[:MOST_EXPLAINED], *tail]))


def missing_dependencies(
    needed: Mapping[str, Sequence[Requirement]],
    installed: Mapping[str, str],
    offered: Mapping[str, Sequence[str]],
) -> list[str]:
    """What a tenant has to do for a release's dependencies, or why nothing helps; empty when all is well.

    Args:
        needed: by plugin, all requirements that hold in the tenant together with the new ones.
        installed: by plugin, the version that is.
        offered: by plugin, as `resolve` takes them.
    """
    told = []
    for plugin, requirements in sorted(needed.items()):
        present = installed.get(plugin)
        if present is not None and all(_lies_in(present, r.range) for r in requirements):
            continue
        found = resolve(offered.get(plugin, ()), requirements)
        wanted = ", ".join(_told(r) for r in requirements)
        if found.version is None:
            told.append(f"No version of {plugin} does for {wanted}: {found.why}.")
        elif present is None:
            told.append(f"It calls {plugin}, which is not installed; {found.version} does for {wanted}.")
        else:
            told.append(f"{plugin} {present} is installed; {found.version} does for {wanted}.")
    return told


def _told(requirement: Requirement) -> str:
    return f"{requirement.by} (needs {requirement.range})"


def _lies_in(version: str, wanted: str) -> bool:
    """No version lies in a range that cannot be read: an older gate may have let one in."""
    try:
        return satisfies(version, wanted)
    except ValueError:
        return False
