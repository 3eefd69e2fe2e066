"""`aei plugin check`: what a certification would look at, before anybody else does."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.plugin.building import package_content
from aei_sdk.cli.plugin.trying import artefacts_folder
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import ExitCode, ProjectRefused, UsageRefused
from aei_sdk.gate import accepted, previous_release

if TYPE_CHECKING:
    from aei_inspection.checks.report import CheckResult, Finding, Report
    from aei_inspection.checks.subject import Subject
    from aei_inspection.gate import Package

_CHECK = examples(
    "aei plugin check",
    "aei plugin check build/acme.counter-0.1.0.aeiplugin --json",
    "aei plugin check --sarif findings.sarif --previous acme.counter-0.0.9.aeiplugin",
    "aei plugin check --advisories PyPI/all.zip",
)
_MARKS = {
    "fail": ("✗", "bold red"),
    "error": ("!", "bold red"),
    "pass": ("✓", "green"),
    "not_run": ("–", "dim"),
}
_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow"}


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_CHECK)(check)


def check(
    target: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A package, or a project to build.")
    ] = Path(),
    previous: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The package of the release before, to see what changed."),
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as SARIF 2.1.0 as well.")
    ] = None,
    advisories: Annotated[
        Path | None,
        typer.Option(metavar="FILE|DIR", help="OSV records: known vulnerabilities of packages inside."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the checks of a certification here: the registry's gate, and what a scan finds in the package.

    Its examples are run on trial in a sandbox: with the permissions that it asks for, and made-up answers.

    Known vulnerabilities come from the export of OSV that --advisories names; the marketplace has its own.

    Ends with 5 if the registry would refuse the package, with 1 if another check fails or cannot be run.
    """
    with Screen(as_json) as screen:
        from aei_inspection.checks.sarif import write_sarif
        from aei_inspection.checks.subject import Subject

        before = previous_release(package_content(screen, previous)) if previous else None
        subject = Subject(package_content(screen, target), before)
        package, refusal = _judged(subject)
        report = _checked(screen, subject, package, advisories)
        if sarif is not None:
            sarif.write_bytes(write_sarif(report))
        screen.show(_document(report, package), lambda: _show(screen, report))
        if refusal is not None:
            raise refusal
        if any(check.result in ("fail", "error") for check in report.checks):
            raise typer.Exit(int(ExitCode.FAILED))


def _checked(
    screen: Screen, subject: "Subject", package: "Package | None", advisories: Path | None
) -> "Report":
    """All checks; what the gate refuses is not run."""
    from aei_scanner.scanning import scan

    with screen.progress("checking the package") as show:
        report = scan(subject, lambda step: show(step.done / step.total, step.check))
    if package is not None:
        with screen.progress("running it on trial"):
            report = _with_behaviour(report, package, subject)
    return report if advisories is None else _with_vulnerabilities(report, advisories)


def _with_behaviour(report: "Report", package: "Package", subject: "Subject") -> "Report":
    """The report with the check that a marketplace adds from its sandbox."""
    import asyncio

    import msgspec

    from aei_sdk.testing.rehearsing import rehearse_here

    result = asyncio.run(rehearse_here(package.manifest, subject.component, artefacts_folder()))
    return msgspec.structs.replace(report, checks=(*report.checks, result))


def _with_vulnerabilities(report: "Report", export: Path) -> "Report":
    """The report with the check that a marketplace adds from its database of advisories."""
    import msgspec

    from aei_inspection.advisories.checking import check_against_export
    from aei_inspection.advisories.files import ExportRefused

    try:
        result = check_against_export(export, report.components)
    except (ExportRefused, OSError) as refused:
        raise UsageRefused(
            "The advisories cannot be read.", str(refused), advice="Name an export of OSV, whole."
        ) from refused
    return msgspec.structs.replace(report, checks=(*report.checks, result))


def _judged(subject: "Subject") -> tuple["Package | None", ProjectRefused | None]:
    """What the registry's gate says: the package, or why it refuses it."""
    try:
        return accepted(subject), None
    except ProjectRefused as refusal:
        return None, refusal


def _document(report: "Report", package: "Package | None") -> dict[str, Any]:
    """The report, and what the package says of itself where the gate accepts it."""
    from aei_inspection.checks.report import encode

    document: dict[str, Any] = {"report": json.loads(encode(report))}
    if package is None:
        return document
    return document | {
        "id": package.manifest.id,
        "version": package.manifest.version,
        "sha256": package.sha256,
        "size_bytes": package.size,
        "imports": list(package.component_facts.imports),
        "files": list(package.names),
    }


def _show(screen: Screen, report: "Report") -> None:
    """The verdict, then the checks, those that did not pass first."""
    counts = {result: sum(check.result == result for check in report.checks) for result in _MARKS}
    words = {"fail": "failed", "error": "broke", "pass": "passed", "not_run": "not run"}
    screen.say(", ".join(f"{n} {words[result]}" for result, n in counts.items() if n), "bold")
    order = list(_MARKS)
    for check in sorted(report.checks, key=lambda check: order.index(check.result)):
        _show_check(screen, check)


def _show_check(screen: Screen, check: "CheckResult") -> None:
    mark, style = _MARKS[check.result]
    screen.say(f"{mark} {check.title}" + (f": {check.note}" if check.note else ""), style)
    for finding in check.findings:
        screen.say(f"  {finding.severity}: {finding.title}", _STYLES.get(finding.severity, ""))
        for line in _details(finding):
            screen.say(f"    {line}", "dim")


def _details(finding: "Finding") -> Iterable[str]:
    yield from (line for line in (finding.place, finding.evidence) if line)
    if finding.advice:
        yield f"→ {finding.advice}"
