"""An inventory held against an export, where there is no database: at an author's."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from aei_inspection.advisories.files import read_export
from aei_inspection.advisories.matching import MatchingRefused, PackageName, index, match, package_of
from aei_inspection.advisories.records import NO_MOMENT, Advisory
from aei_inspection.advisories.results import broken, check_result
from aei_inspection.checks.report import CheckResult, Component


def check_against_export(path: Path, components: Sequence[Component] | None) -> CheckResult:
    """Hold what a plugin contains against the advisories of an export.

    Args:
        components: None where the scan could not tell.

    Raises:
        ExportRefused: the export cannot be taken.
        OSError: it cannot be read.
    """
    wanted = {package for component in components or () if (package := package_of(component))}
    advisories, dated = _concerning(path, wanted)
    try:
        matches = match(components or (), index(advisories))
    except MatchingRefused as refused:
        return broken(str(refused))
    return check_result(components, matches, dated)


def _concerning(path: Path, wanted: set[PackageName]) -> tuple[list[Advisory], datetime]:
    """Advisories about some packages, of each id the newest alone; and how new the newest of all is."""
    newest: dict[str, datetime] = {}
    kept: dict[str, Advisory] = {}
    dated = NO_MOMENT
    for counted in read_export(path):
        advisory = counted.advisory
        dated = max(dated, advisory.dated or NO_MOMENT)
        if advisory.modified >= newest.get(advisory.id, NO_MOMENT):
            newest[advisory.id] = advisory.modified
            kept.pop(advisory.id, None)
            if any(PackageName(each.ecosystem, each.normal_name) in wanted for each in advisory.affected):
                kept[advisory.id] = advisory
    return list(kept.values()), dated
