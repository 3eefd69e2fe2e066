"""One execution while it runs in this process: who listens hears it, who comes late hears what was kept."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.executions.rules.endings import storable
from aei_marketplace.executions.rules.journals import Original
from aei_marketplace.executions.service.passes import Pass
from aei_marketplace.executions.store.quick import Start
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.ports import plugin_failure
from aei_protocol.messages import Execute, LogLine, PluginAnswer, PluginWanted, Progress, Usage

#: What one log line costs beside its words, when the bytes kept are counted.
_LINE_BYTES = 40


def topic(execution: UUID) -> str:
    """Where the news of an execution are told."""
    return f"execution:{execution}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Why an execution runs that a guest asked for.

    Attributes:
        execution: whose guest waits for it.
        waiting: ids of the plugins that wait, the outermost first.
    """

    execution: UUID
    waiting: tuple[str, ...]


#: Carries out a call of a run's guest.
CallPlugin = Callable[["Run", PluginWanted], Awaitable[PluginAnswer]]


@dataclass(slots=True)
class Run:
    """A running execution; it is the sandbox's `Listener`.

    Attributes:
        started: done once the start is durable.
        under: what the start has to find unchanged; None for what was asked for just before.
        origin: the execution whose guest asked for this one; None for one that a caller asked for.
        replays: what a replay is compared with.
        called: what the plugins used that it called.
        tokens: what the models cost that were asked below one outermost execution, by plugin; shared.
        on_call: carries out the guest's calls of other plugins.
        unwanted: somebody has asked for its end.
        stopped: why the registry ends it; None for an end that a caller asked for.
        lines: the log so far, at most as many bytes as the execution's limit allows.
    """

    actor: Actor
    start: Start
    task: Execute
    live: Live
    started: "asyncio.Future[None]"
    under: Pass | None = None
    origin: Origin | None = None
    replays: Original | None = None
    called: Usage = field(default_factory=Usage)
    tokens: "Counter[str]" = field(default_factory=Counter)
    on_call: "CallPlugin | None" = None
    unwanted: bool = False
    stopped: str | None = None
    lines: deque[dict[str, Any]] = field(default_factory=deque)
    last_progress: dict[str, Any] | None = None
    truncated: bool = False
    _kept_bytes: int = 0

    @property
    def waiting(self) -> tuple[str, ...]:
        """Ids of the plugins that wait for this one, the outermost first."""
        return self.origin.waiting if self.origin else ()

    async def call_plugin(self, wanted: PluginWanted) -> PluginAnswer:
        """The guest calls another plugin."""
        if self.on_call is None:
            return plugin_failure(wanted.call, "failed", "no plugin can be called here")
        return await self.on_call(self, wanted)

    def progress(self, message: Progress) -> None:
        """The guest reported progress."""
        self.last_progress = {"fraction": message.fraction, "message": storable(message.message)}
        self.live.say(topic(self.start.id), ("progress", self.last_progress))

    def log(self, line: LogLine) -> None:
        """The guest wrote a line."""
        self._kept_bytes += len(line.message.encode()) + _LINE_BYTES
        if self._kept_bytes > 2 * self.task.limits.log_bytes:
            # The host cuts at the limit; this holds even if it does not.
            self.truncated = True
            return
        entry = {"at_ms": line.at_ms, "level": storable(line.level), "message": line.message}
        self.lines.append(entry)
        self.live.say(topic(self.start.id), ("log", entry))

    def so_far(self) -> list[tuple[str, dict[str, Any]]]:
        """The news that were told until now."""
        news: list[tuple[str, dict[str, Any]]] = [("log", line) for line in self.lines]
        return [*news, ("progress", self.last_progress)] if self.last_progress else news

    def log_json(self) -> bytes | None:
        """The log as it is stored; None when nothing was written."""
        return msgspec.json.encode(list(self.lines)) if self.lines else None
