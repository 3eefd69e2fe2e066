"""Which outcome an execution gets. Values in, value out."""

import signal
from dataclasses import dataclass

from aei_protocol.outcomes import Outcome
from aei_sandbox.text import escaped

LONGEST_PROBLEM = 500


@dataclass(frozen=True, slots=True)
class Ending:
    """How one execution ended: `output` only with `ok`, `problem` in escaped words otherwise."""

    outcome: Outcome
    output: str | None = None
    problem: str | None = None


_OF_VERDICT = {
    "error": Outcome.GUEST_ERROR,
    "trap": Outcome.TRAP,
    "memory": Outcome.MEMORY_LIMIT,
    "output": Outcome.OUTPUT_LIMIT,
    "argument": Outcome.HOST_CALL_LIMIT,
}

#: What a worker may say about a run.
VERDICTS = frozenset({"ok", *_OF_VERDICT})


def ending_of_verdict(kind: str, text: str, denials: int) -> Ending:
    """The ending of a run that the worker finished.

    Args:
        kind: one of `VERDICTS`.
        text: the result, the guest's error or the trap's name.
        denials: calls that the broker refused in this run; an error after one is `denied`.
    """
    if kind == "ok":
        return Ending(Outcome.OK, output=text)
    outcome = _OF_VERDICT[kind]
    if denials and outcome in (Outcome.GUEST_ERROR, Outcome.TRAP):
        outcome = Outcome.DENIED
    return Ending(outcome, problem=escaped(text, LONGEST_PROBLEM))


def ending_of_death(status: int | None) -> Ending:
    """The ending of a run whose worker died without being told to.

    Args:
        status: wait status; None when nobody could learn it.
    """
    if status is not None and status & 0x7F == signal.SIGXCPU:
        return Ending(Outcome.CPU_LIMIT, problem="the kernel's CPU limit ended the worker")
    if status is not None and status & 0x7F == signal.SIGSYS:
        return Ending(
            Outcome.SANDBOX_VIOLATION, problem="the worker made a system call that guests never make"
        )
    return Ending(Outcome.WORKER_LOST, problem="the worker ended before it answered")
