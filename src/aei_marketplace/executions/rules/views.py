"""Executions as callers see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from aei_inspection.strict_json import depth
from aei_protocol.outcomes import Outcome

#: Output nested deeper stays text: what reads it next must not be the one that breaks.
DEEPEST_OUTPUT = 64


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution, running or ended; `limits`, `usage`, `permissions` and `divergence` are JSON texts.

    Attributes:
        outcome: None while it runs.
        output: what the guest returned, UTF-8; None without a result, or when its time was over.
        installation_id: None for a try-out.
        parent_id, depth: the execution whose guest asked for this one, and how many wait for it.
        replay_of: the execution that a replay repeats.
        journal: `kept`, `too_large` or `lost`; None when none was asked for.
        divergence, identical: of a replay.
    """

    id: UUID
    plugin_id: str
    version: str
    installation_id: UUID | None
    actor_id: UUID
    mode: str
    limits: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    output: bytes | None = None
    problem: str | None = None
    usage: str | None = None
    permissions: str | None = None
    walls: tuple[str, ...] = ()
    log_truncated: bool = False
    parent_id: UUID | None = None
    depth: int = 0
    replay_of: UUID | None = None
    journal: str | None = None
    divergence: str | None = None
    identical: bool | None = None

    def shape(self) -> Mapping[str, Any]:
        """The execution in the shape of the interface."""
        return {
            "id": self.id,
            "plugin_id": self.plugin_id,
            "version": self.version,
            "outcome": self.outcome,
            "output": shown_output(self.output),
            "problem": self.problem,
            "usage": _json(self.usage),
            "permissions": _json(self.permissions),
            "walls": self.walls,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "installation_id": self.installation_id,
            "actor_id": self.actor_id,
            "mode": self.mode,
            "limits": _json(self.limits),
            "log_truncated": self.log_truncated,
            "parent_id": self.parent_id,
            "depth": self.depth,
            "journal": self.journal,
            "replay": self._replay(),
        }

    def _replay(self) -> Mapping[str, Any] | None:
        if self.replay_of is None:
            return None
        diverged = _json(self.divergence)
        return {"of": self.replay_of, "identical": self.identical, "diverged": diverged}


#: What a list can be filtered by: an outcome, what still runs, or whatever ended otherwise than `ok`.
OUTCOMES = (*map(str, Outcome), "running", "failed")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which executions are asked for; all that the actor may see unless something is named.

    Attributes:
        outcome: one of `OUTCOMES`.
        actor_id: who started them.
        since: none that started before.
    """

    plugin_id: str | None = None
    outcome: str | None = None
    actor_id: UUID | None = None
    since: datetime | None = None


ALL = Filter()


@dataclass(frozen=True, slots=True)
class Brief:
    """An execution in one line; `wall_ms` is None until it has ended."""

    id: UUID
    plugin_id: str
    version: str
    actor_id: UUID
    mode: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    depth: int
    wall_ms: float | None


def shown_output(output: bytes | None) -> Any:
    """A guest's result for callers: the JSON that it is, or else its text."""
    if output is None:
        return None
    try:
        value = msgspec.json.decode(output)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return output.decode("utf-8", "replace")
    # Passed on as the bytes that were read: numbers keep their digits, and nothing is encoded twice.
    return msgspec.Raw(output) if depth(value, DEEPEST_OUTPUT) <= DEEPEST_OUTPUT else output.decode()


def _json(text: str | None) -> msgspec.Raw | None:
    return None if text is None else msgspec.Raw(text.encode())
