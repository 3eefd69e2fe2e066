"""What can go wrong for an author or a caller, each with what to do next and an exit code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """What the command `aei` ends with."""

    OK = 0
    FAILED = 1
    USAGE = 2
    FORBIDDEN = 3
    NOT_FOUND = 4
    REFUSED = 5
    UNREACHABLE = 6
    PAYMENT_REQUIRED = 7


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        pointer: where: a JSON pointer, or a path inside the project.
        place: the file and line that the pointer leads to, where that is known.
    """

    pointer: str
    message: str
    place: str = ""


class AeiError(Exception):
    """Something that the caller can put right.

    Args:
        title: what happened, one line.
        detail: what it means.
        advice: what to do next.
        faults: every single thing that is wrong.
        trace_id: under which the server's log knows it.
    """

    exit_code: ExitCode = ExitCode.FAILED

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


class ServerUnreachable(AeiError):
    """No answer came from the marketplace."""

    exit_code = ExitCode.UNREACHABLE


class ApiError(AeiError):
    """The marketplace answered with a problem document (RFC 9457).

    Attributes:
        status: the HTTP status.
        problem: the document, whole.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        faults = [
            Fault(str(e.get("pointer", "/")), str(e.get("message", ""))) for e in problem.get("errors", ())
        ]
        super().__init__(
            str(problem.get("title") or f"The marketplace answered {status}"),
            str(problem.get("detail") or ""),
            faults=faults,
            trace_id=str(problem.get("trace_id") or ""),
        )
        self.status, self.problem = status, problem
        self.exit_code = _EXIT_CODES.get(status, ExitCode.FAILED)


class OperationFailed(AeiError):
    """An operation that the marketplace had taken on ended badly."""


_EXIT_CODES = {
    400: ExitCode.REFUSED,
    401: ExitCode.FORBIDDEN,
    402: ExitCode.PAYMENT_REQUIRED,
    403: ExitCode.FORBIDDEN,
    404: ExitCode.NOT_FOUND,
    409: ExitCode.REFUSED,
    410: ExitCode.NOT_FOUND,
    412: ExitCode.REFUSED,
    413: ExitCode.REFUSED,
    415: ExitCode.REFUSED,
    422: ExitCode.REFUSED,
}
