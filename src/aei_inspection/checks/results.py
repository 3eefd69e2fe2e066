"""Results of checks that look at more than the package, in the form of the others."""

from collections.abc import Sequence

from aei_inspection.checks.report import MAX_FINDINGS, CheckResult, Finding, Result, Severity, worst
from aei_inspection.problems import shown

_WORST_FIRST = tuple(reversed(Severity))


def result_of(
    check: str, version: int, title: str, findings: Sequence[Finding], duration_ms: int = 0
) -> CheckResult:
    """A check that came to its end: it fails from findings of severity high on."""
    ordered = sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity))[:MAX_FINDINGS]
    highest = worst(ordered)
    result = Result.FAIL if highest and highest.reaches(Severity.HIGH) else Result.PASS
    left_out = len(findings) - len(ordered)
    note = f"{left_out} further findings are left out." if left_out else ""
    return CheckResult(check, version, title, result, tuple(ordered), duration_ms, note)


def not_run(check: str, version: int, title: str, why: str) -> CheckResult:
    """A check that had nothing to look at."""
    return CheckResult(check, version, title, Result.NOT_RUN, note=shown(why, 900))


def broken(check: str, version: int, title: str, why: str) -> CheckResult:
    """A check that came to no end."""
    return CheckResult(check, version, title, Result.ERROR, note=shown(why, 900))
