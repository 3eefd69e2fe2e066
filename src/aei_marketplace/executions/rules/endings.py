"""How an end is written down: one row, one end entry, and an entry for each denied permission and target."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.ground.audit import Fact
from aei_protocol.messages import Denial, Ended, Usage
from aei_protocol.outcomes import Outcome

#: Denials told apart in the audit log for each execution; the rest is one number (plugin contract).
MOST_DENIALS = 20

_sorted = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Ending:
    """An end as it is written down: at once in the execution's row and in the log.

    Attributes:
        usage: JSON, whose bytes the digest in the end entry is of.
        permissions: JSON `{used, denied, more_denied}`.
        facts: the end entry, then one entry for each denied permission and target.
    """

    outcome: Outcome
    output: bytes | None
    problem: str | None
    usage: str
    permissions: str
    walls: tuple[str, ...]
    log_truncated: bool
    facts: tuple[Fact, ...]


def ending(ended: Ended, plugin_id: str, version: str, execution: UUID) -> Ending:
    """What is written down of an end."""
    usage = usage_json(ended.usage)
    denied = [
        Denial(storable(d.permission), storable(d.target), d.count) for d in ended.denied[:MOST_DENIALS]
    ]
    more = ended.more_denied + sum(d.count for d in ended.denied[MOST_DENIALS:])
    permissions = {
        "used": sorted(set(ended.used)),
        "denied": [asdict(d) for d in denied],
        "more_denied": more,
    }
    facts = (
        end_fact(execution, plugin_id, version, ended.outcome, ended.usage, usage),
        *denial_facts(execution, plugin_id, denied, more),
        *violation_facts(execution, plugin_id, version, ended),
    )
    return Ending(
        ended.outcome,
        None if ended.output is None else ended.output.encode(),
        None if ended.problem is None else storable(ended.problem),
        usage,
        _sorted.encode(permissions).decode(),
        ended.walls,
        ended.log_truncated,
        facts,
    )


def violation_facts(execution: UUID, plugin_id: str, version: str, ended: Ended) -> list[Fact]:
    """The entry that alerts the tenant: a worker did what no guest can make it do."""
    if ended.outcome is not Outcome.SANDBOX_VIOLATION:
        return []
    context = {"plugin": plugin_id, "version": version, "walls": list(ended.walls)}
    reason = None if ended.problem is None else storable(ended.problem)
    outcome = str(ended.outcome)
    return [
        Fact(
            "sandbox.violation", "execution", str(execution), outcome=outcome, reason=reason, context=context
        )
    ]


def lost(execution: UUID, problem: str, outcome: Outcome = Outcome.WORKER_LOST) -> Ended:
    """The end of an execution of which no more is known."""
    return Ended(str(execution), outcome, None, problem, Usage())


def usage_json(usage: Usage) -> str:
    """Usage as it is stored and shown; times in milliseconds with at most three decimals."""
    rounded = replace(usage, cpu_ms=round(usage.cpu_ms, 3), wall_ms=round(usage.wall_ms, 3))
    return _sorted.encode(rounded).decode()


def start_fact(
    execution: UUID, plugin_id: str, version: str, mode: str, task_bytes: int, called_by: UUID | None = None
) -> Fact:
    """The entry of a start; `called_by` is the execution whose guest asked for it."""
    context: dict[str, Any] = {
        "plugin": plugin_id,
        "version": version,
        "mode": mode,
        "task_bytes": task_bytes,
    }
    if called_by is not None:
        context["called_by"] = str(called_by)
    return Fact("execution.start", "execution", str(execution), context=context)


def end_fact(
    execution: UUID, plugin_id: str, version: str, outcome: Outcome, usage: Usage, usage_text: str
) -> Fact:
    """The entry of an end: usage in whole numbers, and the digest of the stored usage."""
    context = {
        "plugin": plugin_id,
        "version": version,
        "cpu_us": round(usage.cpu_ms * 1000),
        "wall_us": round(usage.wall_ms * 1000),
        "peak_memory_bytes": usage.peak_memory_bytes,
        "host_calls": usage.host_calls,
        "bytes_in": usage.bytes_in,
        "bytes_out": usage.bytes_out,
        "usage_sha256": hashlib.sha256(usage_text.encode()).hexdigest(),
    }
    return Fact("execution.end", "execution", str(execution), outcome=str(outcome), context=context)


def denial_facts(execution: UUID, plugin_id: str, denied: Sequence[Denial], more: int) -> tuple[Fact, ...]:
    """One entry for each denied permission and target, and one for all that were not told apart."""
    targets = [asdict(d) for d in denied]
    rest: list[dict[str, Any]] = [{"permission": "*", "target": "*", "count": more}] if more else []
    return tuple(
        Fact(
            "permission.denied",
            "execution",
            str(execution),
            outcome="denied",
            context={"plugin": plugin_id, **target},
        )
        for target in (*targets, *rest)
    )


def storable(text: str) -> str:
    """A guest's words without the one character that the database refuses, at most 4,000 long."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:4_000]
