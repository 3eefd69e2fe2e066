"""A report in SARIF 2.1.0 (OASIS standard), for editors and code hosts that show findings where they are."""

import json
import re
from typing import Any
from urllib.parse import quote

from aei_inspection.checks.report import CheckResult, Finding, Report, Result, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS = {
    Severity.INFO: "note",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
#: A place of a finding: a file, then a line, a pointer into it, or a part of it in words.
_PLACE = re.compile(r"(?P<file>[^\s#:]+)(?::(?P<line>[1-9]\d{0,8}))?(?P<inside>[\s#:].*)?", re.DOTALL)


def write_sarif(report: Report) -> bytes:
    """The SARIF log of one scan: a rule for each kind of finding, a notification for what did not run."""
    rules = {_rule_id(check, finding): check for check in report.checks for finding in check.findings}
    run = {
        "tool": {"driver": _driver(report, rules)},
        "invocations": [_invocation(report)],
        "results": [_result(check, finding) for check in report.checks for finding in check.findings],
        "properties": {"digest": f"sha256:{report.digest}"},
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _driver(report: Report, rules: dict[str, CheckResult]) -> dict[str, Any]:
    return {
        "name": "AEI Marketplace scanner",
        "version": report.scanner.get("aei-marketplace", "0"),
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": check.title},
                "properties": {"check": check.id, "checkVersion": check.version},
            }
            for rule, check in sorted(rules.items())
        ],
    }


def _invocation(report: Report) -> dict[str, Any]:
    broken = [check for check in report.checks if check.result is Result.ERROR]
    silent = [check for check in report.checks if check.result in (Result.ERROR, Result.NOT_RUN)]
    return {
        "executionSuccessful": not broken,
        "toolExecutionNotifications": [
            {
                "level": "error" if check.result is Result.ERROR else "note",
                "descriptor": {"id": check.id},
                "message": {"text": f"{check.title}: {check.note or 'it did not run'}"},
            }
            for check in silent
        ],
    }


def _result(check: CheckResult, finding: Finding) -> dict[str, Any]:
    text = f"{finding.title}. {finding.advice}" if finding.advice else finding.title
    return {
        "ruleId": _rule_id(check, finding),
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding.place)] if finding.place else [],
        "properties": {"severity": finding.severity.value, "evidence": finding.evidence},
    }


def _rule_id(check: CheckResult, finding: Finding) -> str:
    return f"{check.id}/{finding.rule}" if finding.rule else check.id


def _location(place: str) -> dict[str, Any]:
    """A file of the package with what is said about the place in it."""
    parts = _PLACE.fullmatch(place)
    if parts is None:
        return {"logicalLocations": [{"fullyQualifiedName": place}]}
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(parts["file"])}}
    if parts["line"]:
        physical["region"] = {"startLine": int(parts["line"])}
    location: dict[str, Any] = {"physicalLocation": physical}
    if parts["inside"]:
        location["logicalLocations"] = [{"fullyQualifiedName": place}]
    return location
