"""Runs of plugins, and their logs."""

from typing import Any, NotRequired, TypedDict


class Execution(TypedDict):
    """One run; `outcome` is None until it has ended.

    `replay` is {of, identical, diverged} of a replay; `requested` what the release of a try-out asks for.
    """

    id: str
    plugin_id: str
    version: str
    outcome: str | None
    output: Any
    problem: Any
    usage: dict[str, Any] | None
    permissions: dict[str, Any]
    walls: Any
    started_at: str | None
    ended_at: str | None
    replay: NotRequired[Any]
    requested: NotRequired[dict[str, Any]]


class LogEntry(TypedDict):
    """One log line of an execution; `at_ms` counts from its start."""

    at_ms: int
    level: str
    message: str


class ExecutionLog(TypedDict):
    """An execution's log; `truncated` when the guest wrote more than its limit."""

    items: list[LogEntry]
    truncated: bool
