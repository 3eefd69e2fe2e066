"""What can go wrong for an author or a caller, each with what to do next and an exit code."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the command `aei` ends with."""

    OK = 0
    FAILED = 1
    USAGE = 2
    FORBIDDEN = 3
    NOT_FOUND = 4
    REFUSED = 5
    UNREACHABLE = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where: a JSON pointer, or a path inside the project."""

    pointer: str
    message: str


class AeiError(Exception):
    """Something that the caller can put right.

    Args:
        title: what happened, one line.
        detail: what it means.
        advice: what to do next.
        faults: every single thing that is wrong.
        trace_id: under which the server's log knows it.
    """

    exit_code = ExitCode.FAILED

    def __init__(
        self,
        title: str,
        detail: str = "",
        *,
        advice: str = "",
        faults: Sequence[Fault] = (),
        trace_id: str = "",
    ) -> None:
        super().__init__(title)
        self.title, self.detail, self.advice = title, detail, advice
        self.faults, self.trace_id = tuple(faults), trace_id


class UsageRefused(AeiError):
    """The command line says something that cannot be meant."""

    exit_code = ExitCode.USAGE


class ProjectRefused(AeiError):
    """A plugin's project or package breaks the rules; `faults` says where."""

    exit_code = ExitCode.REFUSED


class ToolchainMissing(AeiError):
    """A compiler that the build needs is not installed."""


class CompileFailed(AeiError):
    """The compiler refused the source; `detail` is what it said."""
