"""What rehearsals say about a plugin, against its manifest and against a plugin that does nothing."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aei_inspection.checks.report import CheckResult, Finding, Severity
from aei_inspection.checks.results import broken, not_run, result_of
from aei_inspection.problems import shown
from aei_inspection.rehearsal.tasks import Task
from aei_inspection.schemas import check, compile_schema
from aei_protocol.limits import MIB, Limits
from aei_protocol.manifest import Manifest
from aei_protocol.messages import Attempt, Ended
from aei_protocol.outcomes import Outcome

ID, VERSION, TITLE = "behaviour", 2, "Its examples, run on trial"
#: The most that one rehearsal may have.
CAP = Limits(cpu_ms=5_000, wall_ms=20_000, memory_bytes=512 * MIB)
#: Ends that a guest reaches by itself, whatever the made-up answers are.
_ORDINARY = frozenset({Outcome.OK, Outcome.GUEST_ERROR, Outcome.DENIED})
#: Each end at a limit that the plugin's own work reaches, with that limit. The wall's is left out: how long
#: something takes depends on what else the machine does.
_LIMIT_OF = {
    Outcome.CPU_LIMIT: "cpu_ms",
    Outcome.MEMORY_LIMIT: "memory_bytes",
    Outcome.OUTPUT_LIMIT: "output_bytes",
    Outcome.HOST_CALL_LIMIT: "host_calls",
}
#: What a call asks for, by its interface: the kind of a finding, and the words for it.
_ASKS = {
    "http": ("undeclared-host", "the host"),
    "secrets": ("undeclared-secret", "the secret"),
    "models": ("undeclared-model", "the model"),
    "plugins": ("undeclared-plugin", "the plugin"),
    "files": ("undeclared-files", "the files"),
}
_DECLARE = "Declare it in plugin.json with a reason, or remove the call."
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Run:
    """One rehearsal.

    Attributes:
        limits: what it had.
        asked: the limits that the manifest asks for.
        faults: what in its output breaks the manifest's `output_schema`.
    """

    task: Task
    ended: Ended
    limits: Limits
    asked: Limits
    faults: Sequence[str] = ()

    @property
    def alone(self) -> bool:
        """Whether nothing that it was answered had been made up."""
        return not any(_interface(each) in _ASKS for each in self.ended.attempts)


def run_of(task: Task, ended: Ended, manifest: Manifest, limits: Limits) -> Run:
    """A rehearsal, its output held against the manifest's `output_schema`.

    Args:
        limits: what it had.
    """
    return Run(task, ended, limits, manifest.limits, _faults(manifest, ended.output))


def check_result(runs: Sequence[Run], nothing: Ended, duration_ms: int) -> CheckResult:
    """What the rehearsals come to.

    Args:
        runs: none where no task could be found.
        nothing: a rehearsal of the plugin that does nothing, on the same host: what it shows, no plugin did.
    """
    if not runs:
        return not_run(ID, VERSION, TITLE, "No task was found that it could be given: add an example.")
    if nothing.outcome is not Outcome.OK:
        return broken(ID, VERSION, TITLE, f"Even a plugin that does nothing ended as {nothing.outcome}.")
    if any(run.ended.outcome is Outcome.WORKER_LOST for run in runs):
        return broken(ID, VERSION, TITLE, "The process that ran it was lost.")
    findings = [finding for run in runs for finding in _of_run(run, nothing)]
    return result_of(ID, VERSION, TITLE, findings, duration_ms)


def beyond(attempts: Iterable[Attempt], nothing: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """The calls that a plugin made itself: those that one makes which does nothing are taken off."""
    calls, denied = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for each in nothing:
        calls[each.function, each.target] += each.count
        denied[each.function, each.target] += each.denied
    own = (
        Attempt(a.function, a.target, a.count - calls[a.function, a.target],
                max(0, a.denied - denied[a.function, a.target]))
        for a in attempts
    )  # fmt: skip
    return tuple(each for each in own if each.count > 0)


def _faults(manifest: Manifest, output: str | None) -> tuple[str, ...]:
    schema = manifest.document.get("output_schema")
    if schema is None or output is None:
        return ()
    try:
        value = json.loads(output)
    except ValueError:
        return ("The output is not JSON.",)
    return tuple(str(problem) for problem in check(compile_schema(schema), value))


def _of_run(run: Run, nothing: Ended) -> Iterator[Finding]:
    own = beyond(run.ended.attempts, nothing.attempts)
    yield _ending(run, _seen(run.ended, nothing, own))
    for attempt in own:
        if attempt.denied:
            yield _undeclared(run, attempt)
    if run.ended.more_attempts:
        evidence = f"{run.ended.more_attempts} further calls"
        title = "It tried more different targets than can be told"
        # Denied ones are told first; beyond what is remembered they are only counted.
        severity = Severity.HIGH if run.ended.denied else Severity.LOW
        yield Finding(severity, title, run.task.place, _DECLARE, evidence, "many-targets")
    if run.faults and run.alone:
        title = "Its output is not what its output_schema declares"
        advice = "Change output_schema, or return what it says."
        yield Finding(Severity.HIGH, title, run.task.place, advice, shown(run.faults[0], 900), "other-output")


def _ending(run: Run, seen: str) -> Finding:
    outcome, place = run.ended.outcome, run.task.place
    if outcome is Outcome.SANDBOX_VIOLATION:
        title = "The process did what no plugin can make it do"
        return Finding(
            Severity.CRITICAL, title, place, "Treat the package as hostile.", seen, "sandbox-violation"
        )
    if outcome in _LIMIT_OF and _is_its_own(run, _LIMIT_OF[outcome]):
        title = f"It used up the limit that it asks for: {outcome}"
        advice = "Ask for what the work needs, or end it; a plugin that works without end is suspicious."
        return Finding(Severity.HIGH, title, place, advice, seen, "burned-limit")
    if outcome in _LIMIT_OF or outcome is Outcome.WALL_LIMIT:
        title = f"It did not end within what a trial may have: {outcome}"
        return Finding(Severity.MEDIUM, title, place, "Add an example that ends sooner.", seen, "limit")
    if outcome not in _ORDINARY:
        problem = f"{seen}; {shown(run.ended.problem or '', 300)}"
        title = f"It did not end by itself: {outcome}"
        advice = "Have the plugin return an error when it cannot go on."
        return Finding(Severity.LOW, title, place, advice, problem, "no-end")
    if outcome is Outcome.GUEST_ERROR and run.task.promised and run.alone:
        problem = f"{seen}; {shown(run.ended.problem or '', 300)}"
        advice = "Mend the example or the plugin."
        title = "Its own example ends with an error"
        return Finding(Severity.MEDIUM, title, place, advice, problem, "broken-example")
    return Finding(Severity.INFO, f"It ended: {outcome}", place, evidence=seen, rule="ran")


def _is_its_own(run: Run, limit: str) -> bool:
    has: int = getattr(run.limits, limit)
    wants: int = getattr(run.asked, limit)
    return has >= wants


def _undeclared(run: Run, attempt: Attempt) -> Finding:
    rule, what = _ASKS[_interface(attempt)]
    title = f"It tried {what} {attempt.target or '(without a name)'}, which its manifest does not ask for"
    evidence = f"{attempt.function}, {attempt.denied} times, refused each time"
    return Finding(Severity.HIGH, shown(title, 190), run.task.place, _DECLARE, evidence, rule)


def _seen(ended: Ended, nothing: Ended, own: Sequence[Attempt]) -> str:
    """What it did and used, in a line; in brackets what is used without doing anything."""
    calls = ", ".join(_named(each) for each in own[:_MOST_NAMED]) or "no host call"
    more = f" and {len(own) - _MOST_NAMED} other targets" if len(own) > _MOST_NAMED else ""
    used, idle = ended.usage, nothing.usage
    return shown(
        f"{calls}{more}; {used.cpu_ms:.0f} ms of CPU ({idle.cpu_ms:.0f}), "
        f"{used.peak_memory_bytes / MIB:.0f} MiB ({idle.peak_memory_bytes / MIB:.0f})",
        600,
    )


def _named(attempt: Attempt) -> str:
    target = f" {attempt.target}" if attempt.target else ""
    times = f" ×{attempt.count}" if attempt.count > 1 else ""
    denied = f" ({attempt.denied} denied)" if attempt.denied else ""
    return f"{attempt.function}{target}{times}{denied}"


def _interface(attempt: Attempt) -> str:
    return attempt.function.partition(".")[0]
