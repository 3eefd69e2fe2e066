"""The state of the plugins that a release calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aei_inspection.checks.report import CheckResult, Finding, Severity
from aei_inspection.checks.results import result_of
from aei_marketplace.catalog.rules.compatibility import is_compatible

ID, VERSION, TITLE = "dependencies", 1, "The plugins that it calls"


@dataclass(frozen=True, slots=True)
class Offered:
    """A release of a dependency that is offered and satisfies the range.

    Attributes:
        advisories: the ids of those that concern it.
    """

    version: str
    certified: bool
    advisories: tuple[str, ...]


def check(dependencies: Mapping[str, str], offered: Mapping[str, Sequence[Offered]]) -> CheckResult:
    """Whether what a release depends on is there and in order.

    Args:
        dependencies: ranges of versions by plugin id, as the manifest has them.
        offered: by plugin id the offered releases within the range, the highest first.
    """
    findings = [
        finding
        for plugin, wanted in sorted(dependencies.items())
        for finding in _of_one(plugin, wanted, offered.get(plugin, ()))
    ]
    return result_of(ID, VERSION, TITLE, findings)


def lies_in(version: str, wanted: str) -> bool:
    """Whether a version lies in a range; none lies in one that cannot be read."""
    try:
        return is_compatible(version, wanted)
    except ValueError:
        return False


def _of_one(plugin: str, wanted: str, offered: Sequence[Offered]) -> Iterator[Finding]:
    place = f"plugin.json /dependencies/{plugin}"[:190]
    if not offered:
        yield Finding(
            Severity.HIGH,
            f"{plugin} {wanted} is not offered"[:190],
            place,
            "Depend on a release that is listed, or wait until this one is.",
            rule="dependency-missing",
        )
        return
    best = offered[0]
    if best.advisories:
        yield Finding(
            Severity.MEDIUM,
            f"{plugin} {best.version} is affected by an advisory"[:190],
            place,
            "Raise the range to a version that mends it.",
            ", ".join(best.advisories)[:900],
            "dependency-affected",
        )
    if not best.certified:
        yield Finding(
            Severity.LOW,
            f"{plugin} {best.version} is not certified"[:190],
            place,
            "Nobody but its publisher has checked what this release calls.",
            rule="dependency-uncertified",
        )
