"""What ends a badge before its time."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from aei_inspection.advisories.results import FAILS_AT
from aei_inspection.advisories.results import ID as VULNERABILITIES
from aei_inspection.checks.report import CheckResult, Finding, Severity
from aei_marketplace.catalog.rules.advisories import Severity as PluginSeverity
from aei_marketplace.certification.rules.advisories import Vulnerability
from aei_marketplace.certification.rules.policies import Waiver, is_waived

#: Advisories about the plugin itself that end its badge.
GRAVE = frozenset({PluginSeverity.HIGH, PluginSeverity.CRITICAL})


def endangering(
    found: Iterable[Vulnerability], appeared: Collection[str], waivers: Sequence[Waiver], now: datetime
) -> tuple[str, ...]:
    """The ids of the advisories that have come and would keep the release from being certified today."""
    return tuple(
        sorted(
            {
                each.advisory_id
                for each in found
                if each.advisory_id in appeared and _weighs(each, waivers, now)
            }
        )
    )


def weighed(checks: Iterable[CheckResult]) -> frozenset[str]:
    """The ids of the grave advisories that a scan found already; whoever decided knew of them."""
    return frozenset(
        finding.rule
        for check in checks
        if check.id == VULNERABILITIES
        for finding in check.findings
        if finding.severity.reaches(FAILS_AT)
    )


def _weighs(each: Vulnerability, waivers: Sequence[Waiver], now: datetime) -> bool:
    severity = each.severity or Severity.HIGH  # one that is not told counts as high
    place = f"{each.origin}: {each.ecosystem} {each.name} {each.version or '(no version)'}"[:200]
    finding = Finding(severity, each.advisory_id, place, rule=each.advisory_id)
    counts = each.certain and not each.informational and severity.reaches(FAILS_AT)
    return counts and not is_waived(waivers, VULNERABILITIES, finding, now)
