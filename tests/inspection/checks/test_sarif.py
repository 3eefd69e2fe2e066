"""A report in SARIF 2.1.0."""

import json

import pytest

from aei_inspection.checks.report import CheckResult, Finding, Report, Result, Severity
from aei_inspection.checks.sarif import write_sarif


def run_of(*checks: CheckResult) -> dict:
    document = json.loads(write_sarif(Report("a" * 64, checks, (), (), {"aei-marketplace": "1.2.3"})))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run


def test_each_finding_is_a_result_with_its_rule_level_and_words():
    findings = (
        Finding(
            Severity.CRITICAL, "Sends keys away", "source/a b.py:12", "Remove it.", "key", "exfiltration"
        ),
        Finding(Severity.MEDIUM, "Odd"),
        Finding(Severity.INFO, "Inside", "plugin.wasm"),
    )
    run = run_of(CheckResult("yara", 2, "YARA", Result.FAIL, findings))
    assert [(r["ruleId"], r["level"], r["properties"]["severity"]) for r in run["results"]] == [
        ("yara/exfiltration", "error", "critical"),
        ("yara", "warning", "medium"),
        ("yara", "note", "info"),
    ]
    assert run["results"][0]["message"] == {"text": "Sends keys away. Remove it."}
    driver = run["tool"]["driver"]
    assert driver["version"] == "1.2.3"
    assert [rule["id"] for rule in driver["rules"]] == ["yara", "yara/exfiltration"]
    assert {r["ruleId"] for r in run["results"]} == {rule["id"] for rule in driver["rules"]}
    assert run["properties"] == {"digest": "sha256:" + "a" * 64}


@pytest.mark.parametrize(
    ("place", "uri", "line", "inside"),
    [
        ("source/plugin.py:12", "source/plugin.py", 12, None),
        ("source/plugin.py", "source/plugin.py", None, None),
        ("source/größe.py:3", "source/gr%C3%B6%C3%9Fe.py", 3, None),
        ("plugin.json#/permissions/network", "plugin.json", None, "plugin.json#/permissions/network"),
        ("plugin.wasm module 3 memory 0x1a40", "plugin.wasm", None, "plugin.wasm module 3 memory 0x1a40"),
        ("plugin.wasm plugin.py:7", "plugin.wasm", None, "plugin.wasm plugin.py:7"),
    ],
)
def test_a_place_leads_to_the_file_and_into_it(place, uri, line, inside):
    finding = Finding(Severity.LOW, "x", place)
    (location,) = run_of(CheckResult("some", 1, "Some", Result.PASS, (finding,)))["results"][0]["locations"]
    physical = location["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": uri}
    assert physical.get("region") == ({"startLine": line} if line else None)
    assert location.get("logicalLocations") == ([{"fullyQualifiedName": inside}] if inside else None)


def test_what_broke_or_did_not_run_is_told_and_only_what_broke_is_a_failure():
    passed, skipped = (
        CheckResult("a", 1, "A", Result.PASS),
        CheckResult("b", 1, "B", Result.NOT_RUN, note="No source."),
    )
    broken = CheckResult("c", 1, "C", Result.ERROR, note="It broke.")
    (invocation,) = run_of(passed, skipped)["invocations"]
    assert invocation["executionSuccessful"] is True
    (notice,) = invocation["toolExecutionNotifications"]
    assert (notice["level"], notice["message"]["text"]) == ("note", "B: No source.")
    (invocation,) = run_of(passed, broken)["invocations"]
    assert (invocation["executionSuccessful"], len(invocation["toolExecutionNotifications"])) == (False, 1)
