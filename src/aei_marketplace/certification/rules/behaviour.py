"""What a release did when its examples were run with nothing granted, against what it declares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aei_inspection.checks.report import CheckResult, Finding, Severity
from aei_inspection.problems import shown
from aei_marketplace.certification.rules.results import not_run, result_of
from aei_protocol.limits import MIB, Limits
from aei_protocol.messages import Ended
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities, covers_host

ID, VERSION, TITLE = "behaviour", 1, "Its examples, run with nothing granted"
#: Of a manifest's examples, the first so many are run.
MOST_EXAMPLES = 3
#: The most that one of these runs may have.
CAP = Limits(
    cpu_ms=5_000,
    wall_ms=10_000,
    memory_bytes=512 * MIB,
    input_bytes=256 * 1024,
    output_bytes=1 * MIB,
    log_bytes=64 * 1024,
    host_calls=1_000,
    bytes_out=2 * MIB,
)
#: Ends that a guest reaches by itself when all that it asks for is refused.
_ORDINARY = frozenset({Outcome.OK, Outcome.GUEST_ERROR, Outcome.DENIED})
_EXHAUSTED = frozenset(
    {
        Outcome.CPU_LIMIT,
        Outcome.WALL_LIMIT,
        Outcome.MEMORY_LIMIT,
        Outcome.OUTPUT_LIMIT,
        Outcome.HOST_CALL_LIMIT,
    }
)


@dataclass(frozen=True, slots=True)
class Run:
    """One example and how its run ended; `example` counts from 0."""

    example: int
    ended: Ended


def check(runs: Sequence[Run], declared: Capabilities, duration_ms: int) -> CheckResult:
    """What the runs say.

    Args:
        runs: none where the manifest has no examples.
        declared: what the manifest requests; whatever is tried beyond it is found.
    """
    if not runs:
        return not_run(ID, VERSION, TITLE, "The manifest has no examples that could be run.")
    findings = [finding for run in runs for finding in _of_run(run, declared)]
    return result_of(ID, VERSION, TITLE, findings, duration_ms)


def _of_run(run: Run, declared: Capabilities) -> Iterator[Finding]:
    place, ended = f"example {run.example + 1}", run.ended
    calls = (
        f"{ended.usage.host_calls} host calls, {ended.usage.cpu_ms:.0f} ms of CPU, outcome {ended.outcome}"
    )
    if ended.outcome is Outcome.SANDBOX_VIOLATION:
        yield Finding(
            Severity.CRITICAL,
            "The process did what no plugin can make it do",
            place,
            "Treat the package as hostile.",
            calls,
            "sandbox-violation",
        )
    elif ended.outcome in _EXHAUSTED:
        yield Finding(
            Severity.MEDIUM,
            f"The example ended at a limit: {ended.outcome}",
            place,
            "Give an example that ends within the limits; a plugin that works without end is suspicious.",
            calls,
            "limit",
        )
    elif ended.outcome not in _ORDINARY:
        yield Finding(
            Severity.LOW,
            f"The example did not end by itself: {ended.outcome}",
            place,
            "Have the plugin return an error when it is refused something.",
            f"{calls}; {shown(ended.problem or '', 300)}",
            "no-end",
        )
    else:
        yield Finding(Severity.INFO, f"The example ended: {ended.outcome}", place, evidence=calls, rule="ran")
    for denial in ended.denied:
        yield _of_denial(place, denial.permission, denial.target, denial.count, declared)


def _of_denial(place: str, permission: str, target: str, count: int, declared: Capabilities) -> Finding:
    expected = is_declared(permission, target, declared)
    return Finding(
        Severity.INFO if expected else Severity.HIGH,
        shown(f"It asked for {permission}: {target or 'anything'}", 190),
        place,
        "" if expected else "Declare it in plugin.json with a reason, or remove the call.",
        f"{count} times, refused each time",
        "asked" if expected else "undeclared",
    )


def is_declared(permission: str, target: str, declared: Capabilities) -> bool:
    """Whether the manifest requests what was tried.

    Args:
        permission: as the sandbox names it: `network`, `secrets`, `models`, `filesystem`, `plugins`.
        target: a host or a name only; empty where the sandbox told none.
    """
    names: Mapping[str, Sequence[str]] = {
        "secrets": declared.secrets,
        "models": (*declared.chat, *declared.embed),
        "plugins": declared.plugins,
    }
    if permission == "network":
        return _is_host(target) and any(covers_host(pattern, target) for pattern in declared.hosts)
    if permission == "filesystem":
        return bool(declared.scratch_mib or declared.persistent_mib)
    return bool({target, "*"} & set(names.get(permission, ())))


def _is_host(target: str) -> bool:
    """Whether a guest named a host at all: `name` or `name:port`."""
    _, colon, port = target.partition(":")
    return not colon or (port.isascii() and port.isdigit())
