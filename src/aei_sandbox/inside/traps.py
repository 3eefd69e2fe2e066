"""What the runtime says when a run fails, reduced to words of our own.

The runtime's text carries the guest's function names, hence whatever the author put there; only the
phrases below ever leave a worker.
"""

from typing import NamedTuple


class Verdict(NamedTuple):
    """How a run ended, as the worker saw it.

    Attributes:
        kind: `ok`, `error` (the guest returned one), `trap`, `memory`, `output` or `argument`.
        text: the guest's result or error, or the trap's name.
    """

    kind: str
    text: str


_PHRASES = (
    ("exceeds memory limits", Verdict("memory", "the component declares more memory than its limit")),
    ("exceeds table limits", Verdict("memory", "the component declares larger tables than its limit")),
    ("instance count too high", Verdict("memory", "the component has more instances than its limit")),
    ("memory count too high", Verdict("memory", "the component has more memories than its limit")),
    ("table count too high", Verdict("memory", "the component has more tables than any may have")),
    ("too much data", Verdict("output", "more data was handed over than fits any limit")),
    ("unreachable", Verdict("trap", "unreachable")),
    ("call stack exhausted", Verdict("trap", "call stack exhausted")),
    ("out of bounds memory access", Verdict("trap", "out of bounds memory access")),
    ("out of bounds table access", Verdict("trap", "out of bounds table access")),
    ("out of bounds", Verdict("trap", "out of bounds")),
    ("uninitialized element", Verdict("trap", "uninitialised element")),
    ("indirect call type mismatch", Verdict("trap", "indirect call type mismatch")),
    ("integer overflow", Verdict("trap", "integer overflow")),
    ("integer divide by zero", Verdict("trap", "integer divide by zero")),
    ("invalid conversion to integer", Verdict("trap", "invalid conversion to integer")),
    ("null reference", Verdict("trap", "null reference")),
    ("cannot enter component", Verdict("trap", "component re-entered")),
    ("cannot leave component", Verdict("trap", "call out where none is allowed")),
    ("utf-8", Verdict("trap", "invalid utf-8 text")),
    ("aligned", Verdict("trap", "misaligned pointer")),
    ("discriminant", Verdict("trap", "invalid variant")),
)


def reduce_failure(text: str) -> Verdict:
    """The verdict for the runtime's error text: what stands after the last backtrace decides."""
    cause = text.rpartition("Caused by:")[2].lower()
    return next((verdict for phrase, verdict in _PHRASES if phrase in cause), Verdict("trap", "trap"))
