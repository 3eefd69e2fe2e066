"""What rehearsals come to, as pure rules; what the sandbox shows is in tests/sdk/test_rehearsal.py."""

from dataclasses import replace

import pytest

from aei_inspection.checks.report import Result, Severity
from aei_inspection.rehearsal import NOTHING, Run, Task, check_result, run_of
from aei_inspection.rehearsal.nothing import WAT
from aei_inspection.rehearsal.results import beyond
from aei_protocol.limits import Limits
from aei_protocol.manifest import Manifest
from aei_protocol.messages import Attempt, Denial, Ended, Usage
from aei_protocol.outcomes import Outcome
from tests.packages import make_component, make_manifest

TASK = Task("example 1", {}, True)
ASKED = Limits(cpu_ms=1_000)
LOG = Attempt("log.log", "", 2, 0)
FETCH = Attempt("http.fetch", "api.acme.example", 3, 0)


def ended(outcome: Outcome = Outcome.OK, *attempts: Attempt, **more: object) -> Ended:
    values: dict[str, object] = {"usage": Usage(12.0, 20.0, 31 << 20, 3, 0, 0), "attempts": attempts, **more}
    return Ended("1", outcome, "{}", None, **values)  # type: ignore[arg-type]  # the test names real fields


IDLE = ended(usage=Usage(1.0, 2.0, 25 << 20, 0, 0, 0))


def run(end: Ended, task: Task = TASK, limits: Limits = ASKED, faults: tuple[str, ...] = ()) -> Run:
    return Run(task, end, limits, ASKED, faults)


@pytest.mark.parametrize(
    ("one", "how", "rule"),
    [
        (run(ended()), Result.PASS, "ran"),
        (run(ended(Outcome.OK, LOG, FETCH)), Result.PASS, "ran"),
        (run(ended(Outcome.GUEST_ERROR, FETCH)), Result.PASS, "ran"),
        (run(ended(Outcome.GUEST_ERROR, LOG)), Result.PASS, "broken-example"),
        (run(ended(Outcome.GUEST_ERROR, LOG), replace(TASK, promised=False)), Result.PASS, "ran"),
        (run(ended(Outcome.TRAP)), Result.PASS, "no-end"),
        (run(ended(Outcome.CPU_LIMIT)), Result.FAIL, "burned-limit"),
        (run(ended(Outcome.MEMORY_LIMIT)), Result.FAIL, "burned-limit"),
        (run(ended(Outcome.OUTPUT_LIMIT)), Result.FAIL, "burned-limit"),
        (run(ended(Outcome.HOST_CALL_LIMIT)), Result.FAIL, "burned-limit"),
        (run(ended(Outcome.CPU_LIMIT), limits=replace(ASKED, cpu_ms=999)), Result.PASS, "limit"),
        (run(ended(Outcome.WALL_LIMIT)), Result.PASS, "limit"),
        (run(ended(Outcome.SANDBOX_VIOLATION)), Result.FAIL, "sandbox-violation"),
        (run(ended(Outcome.OK, Attempt("http.fetch", "evil.example", 3, 1))), Result.FAIL, "undeclared-host"),
        (run(ended(Outcome.DENIED, Attempt("secrets.get", "ROOT", 1, 1))), Result.FAIL, "undeclared-secret"),
        (run(ended(Outcome.OK, Attempt("models.embed", "big", 1, 1))), Result.FAIL, "undeclared-model"),
        (run(ended(Outcome.OK, Attempt("plugins.call", "a.b", 1, 1))), Result.FAIL, "undeclared-plugin"),
        (run(ended(Outcome.OK, Attempt("files.write", "persistent", 1, 1))), Result.FAIL, "undeclared-files"),
        (run(ended(Outcome.OK, LOG), faults=("/: no",)), Result.FAIL, "other-output"),
        (run(ended(Outcome.OK, FETCH), faults=("/: no",)), Result.PASS, "ran"),
        (run(ended(Outcome.OK, LOG, more_attempts=9)), Result.PASS, "many-targets"),
        (
            run(ended(Outcome.OK, LOG, more_attempts=9, denied=(Denial("network", "x", 9),))),
            Result.FAIL,
            "many-targets",
        ),
    ],
)
def test_what_a_plugin_did_is_held_against_what_it_declares(one: Run, how: Result, rule: str) -> None:
    said = check_result([one], IDLE, 5)
    assert (said.result, said.version, said.duration_ms) == (how, 2, 5)
    assert rule in {finding.rule for finding in said.findings}
    assert all(finding.place == "example 1" for finding in said.findings)


def test_what_a_plugin_shows_that_does_nothing_is_not_laid_to_one_that_works() -> None:
    strange = Attempt("http.fetch", "clock.example", 2, 2)
    same = check_result([run(ended(Outcome.OK, strange, LOG))], replace(IDLE, attempts=(strange,)), 1)
    assert (same.result, [finding.rule for finding in same.findings]) == (Result.PASS, ["ran"])
    more = replace(strange, count=3, denied=3)
    (own,) = beyond([more], [strange])
    assert (own.count, own.denied) == (1, 1)
    assert (
        check_result([run(ended(Outcome.OK, more))], replace(IDLE, attempts=(strange,)), 1).result
        is Result.FAIL
    )


def test_a_finding_tells_the_calls_and_the_use_beside_that_of_doing_nothing() -> None:
    (seen,) = check_result([run(ended(Outcome.OK, FETCH, LOG))], IDLE, 1).findings
    assert seen.severity is Severity.INFO
    assert seen.evidence == "http.fetch api.acme.example ×3, log.log ×2; 12 ms of CPU (1), 31 MiB (25)"
    many = [Attempt("http.fetch", f"h{n}.example", 1, 0) for n in range(30)]
    (crowded,) = check_result([run(ended(Outcome.OK, *many))], IDLE, 1).findings
    assert "and 10 other targets" in crowded.evidence


def test_what_could_not_be_run_is_an_error_or_not_run_and_never_a_pass() -> None:
    assert check_result([], IDLE, 1).result is Result.NOT_RUN
    assert check_result([run(ended(Outcome.WORKER_LOST))], IDLE, 1).result is Result.ERROR
    assert check_result([run(ended())], ended(Outcome.CPU_LIMIT), 1).result is Result.ERROR


def test_an_output_is_held_against_the_schema_that_the_manifest_declares() -> None:
    schema = {"type": "object", "required": ["said"]}
    declared = Manifest(make_manifest({"output_schema": schema}))
    assert run_of(TASK, ended(), declared, ASKED).faults
    assert run_of(TASK, replace(ended(), output="{"), declared, ASKED).faults == ("The output is not JSON.",)
    assert run_of(TASK, replace(ended(), output='{"said":1}'), declared, ASKED).faults == ()
    assert run_of(TASK, replace(ended(), output=None), declared, ASKED).faults == ()
    assert run_of(TASK, ended(), Manifest(make_manifest()), ASKED).faults == ()


def test_the_plugin_that_does_nothing_is_what_its_text_says() -> None:
    assert make_component(WAT) == NOTHING
