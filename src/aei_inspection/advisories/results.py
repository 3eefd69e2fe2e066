"""Matches as a check's result, like those that a scan gives."""

from collections.abc import Sequence
from datetime import datetime

from aei_inspection.advisories.matching import Match, package_of
from aei_inspection.advisories.orders import VersionUnreadable, position
from aei_inspection.checks.report import (
    MAX_FINDINGS,
    CheckResult,
    Component,
    Finding,
    Result,
    Severity,
    worst,
)
from aei_inspection.problems import shown

ID, VERSION, TITLE = "vulnerabilities", 1, "Known vulnerabilities in packages inside"
#: From here on a finding fails the check.
FAILS_AT = Severity.HIGH
_ORDER = tuple(Severity)


def check_result(
    components: Sequence[Component] | None, matches: Sequence[Match], dated: datetime | None
) -> CheckResult:
    """The result of holding a plugin's components against advisories.

    Args:
        components: what the plugin contains; None where that could not be told.
        dated: how new the database is; None where there is none, and nothing was compared.
    """
    if dated is None:
        return _not_run("There are no advisories here; `aei-marketplace advisories import` brings them.")
    if components is None:
        return _not_run("What the plugin contains could not be told.")
    findings = sorted(map(finding_of, matches), key=lambda each: -_ORDER.index(each.severity))
    highest, left_out = worst(findings), len(findings) - MAX_FINDINGS
    result = Result.FAIL if highest and highest.reaches(FAILS_AT) else Result.PASS
    notes = [f"{left_out} further findings are left out."] if left_out > 0 else []
    strangers = sum(package_of(component) is None for component in components)
    if strangers:
        notes.append(
            f"{strangers} of {len(components)} components belong to no ecosystem that is known here."
        )
    return CheckResult(ID, VERSION, TITLE, result, tuple(findings[:MAX_FINDINGS]), note=" ".join(notes))


def broken(reason: str) -> CheckResult:
    """The result where components and advisories could not be compared."""
    return CheckResult(ID, VERSION, TITLE, Result.ERROR, note=_fit(f"{reason}.", 1_000))


def finding_of(match: Match) -> Finding:
    """What one match says to who has to act on it."""
    component, statement = match.component, match.statement
    package = f"{component.ecosystem} {component.name} {component.version or '(no version)'}"
    names = ", ".join((statement.advisory, *statement.aliases[:4]))
    return Finding(
        severity=severity_of(match),
        title=_fit(f"{package}: {_said(match)}", 200),
        place=_fit(f"{component.origin}: {package}", 200),
        advice=_fit(_advice(match), 1_000),
        evidence=_fit(f"{names}: {statement.summary}" if statement.summary else names, 1_000),
        rule=statement.advisory,
    )


def severity_of(match: Match) -> Severity:
    """How bad a match is.

    A vulnerability without a severity counts as high until somebody says better, and so does one of which a
    version that is none hides whether it is there: otherwise writing a wrong one would pass. Where it is the
    advisory that cannot be read, and where it tells of no vulnerability, it is worth a look and no more.
    """
    if match.statement.informational:
        return Severity.LOW if match.statement.informational == "unsound" else Severity.INFO
    if match.certain or not _is_readable(match.component):
        return match.statement.severity or Severity.HIGH
    return Severity.MEDIUM


def _is_readable(component: Component) -> bool:
    package = package_of(component)
    try:
        return package is not None and bool(position(package.ecosystem, component.version))
    except VersionUnreadable:
        return False


def _advice(match: Match) -> str:
    name = match.component.name
    if not match.certain:
        return f"Write an exact version of {name} into the SBOM: whether this one is affected cannot be told."
    if match.fixed:
        return f"Take {name} {' or '.join(match.fixed[:5])}."
    return f"No fixed version of {name} is known: replace it, or ask for a waiver with the reason."


def _said(match: Match) -> str:
    what = match.statement.informational or "affected"
    return f"{what if match.certain else f'perhaps {what}'} by {match.statement.advisory}"


def _not_run(note: str) -> CheckResult:
    return CheckResult(ID, VERSION, TITLE, Result.NOT_RUN, note=note)


def _fit(text: str, most: int) -> str:
    safe = shown(text, most)
    return safe if len(safe) <= most else safe[: most - 1] + "…"
