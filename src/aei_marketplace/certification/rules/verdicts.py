"""What the results of a scan come to under a policy. Nothing but `pass` passes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aei_inspection.checks.report import MAX_FINDINGS, CheckResult, Finding, Result, Severity
from aei_marketplace.certification.rules.policies import Bar, Waiver, is_waived


class Outcome(StrEnum):
    """What a scan comes to. `error`: some required check did not come to an end."""

    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Objection:
    """One ground against a pass; `code` is `failed`, `incomplete` or `too_many`."""

    code: str
    check: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, with every ground there is.

    Attributes:
        waivers: the exceptions that lifted a finding.
    """

    outcome: Outcome
    objections: tuple[Objection, ...]
    waivers: tuple[Waiver, ...] = ()

    def waives(self, check: str, finding: Finding) -> bool:
        """Whether an exception has lifted this finding."""
        return any(waiver.fits(check, finding) for waiver in self.waivers)

    def why(self) -> str:
        """The grounds in a sentence each."""
        return " ".join(objection.message for objection in self.objections)


def judge(results: Sequence[CheckResult], bar: Bar, waivers: Sequence[Waiver], now: datetime) -> Verdict:
    """Hold the results of all checks against what is required and tolerated.

    A failure weighs more than what is incomplete: no further scan mends it.
    """
    by_id = {result.id: result for result in results}
    findings = [(result.id, finding) for result in results for finding in result.findings]
    used = tuple(w for w in waivers if any(w.covers(check, finding, now) for check, finding in findings))
    objections = (
        *(
            ground
            for check in sorted({*bar.required, *bar.where_possible})
            for ground in _of_check(check, by_id.get(check), waivers, now, required=check in bar.required)
        ),
        *_of_counts(results, bar.tolerated, waivers, now),
    )
    if any(ground.code != "incomplete" for ground in objections):
        return Verdict(Outcome.FAIL, objections, used)
    return Verdict(Outcome.ERROR if objections else Outcome.PASS, objections, used)


def standing(
    check: CheckResult, waivers: Sequence[Waiver], now: datetime
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """A check's findings that stand, and those that are waived."""
    waived = tuple(f for f in check.findings if is_waived(waivers, check.id, f, now))
    return tuple(f for f in check.findings if f not in waived), waived


def _of_check(
    check: str, result: CheckResult | None, waivers: Sequence[Waiver], now: datetime, *, required: bool
) -> Iterator[Objection]:
    if result is None:
        yield Objection("incomplete", check, f"The scan does not have the check {check}, which has to pass.")
    elif result.result is Result.ERROR or (required and result.result is Result.NOT_RUN):
        how = "broke" if result.result is Result.ERROR else "did not run"
        because = f": {result.note}" if result.note else "."
        yield Objection("incomplete", check, f"The check {check} has to pass and {how}{because}")
    elif result.result is Result.FAIL and not _lifted(result, waivers, now):
        stands, _ = standing(result, waivers, now)
        yield Objection("failed", check, f"The check {check} failed: {_first(stands)}")


def _lifted(result: CheckResult, waivers: Sequence[Waiver], now: datetime) -> bool:
    """Whether waivers cover all that a check failed for; what was left out of the report nobody can waive."""
    stands, _ = standing(result, waivers, now)
    complete = 0 < len(result.findings) < MAX_FINDINGS
    return complete and all(finding.severity is Severity.INFO for finding in stands)


def _of_counts(
    results: Sequence[CheckResult],
    tolerated: Mapping[Severity, int],
    waivers: Sequence[Waiver],
    now: datetime,
) -> Iterator[Objection]:
    counts = Counter(finding.severity for result in results for finding in standing(result, waivers, now)[0])
    for severity, most in sorted(tolerated.items()):
        if counts[severity] > most:
            message = f"Findings of severity {severity} that stand: {counts[severity]}; tolerated: {most}."
            yield Objection("too_many", "", message)


def _first(findings: Sequence[Finding]) -> str:
    if not findings:
        return "without a finding that could be waived."
    more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
    place = f" ({findings[0].place})" if findings[0].place else ""
    return f"{findings[0].title}{place}{more}."
