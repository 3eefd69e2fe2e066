"""The broker: does every host call of a guest, after checking it against what the guest holds.

It runs in the host process and reads the capabilities from the execution, never from the worker.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aei_protocol.messages import Divergence, Execute, LogLine, Progress, Usage
from aei_sandbox.broker.answers import Answer, failure
from aei_sandbox.broker.attempts import Attempts
from aei_sandbox.broker.denials import Denials
from aei_sandbox.broker.fetch import Permit
from aei_sandbox.broker.files import Files
from aei_sandbox.broker.files.cabinet import Cabinet
from aei_sandbox.broker.journal import Journal
from aei_sandbox.broker.models import AskModel, Models
from aei_sandbox.broker.plugins import AskPlugin, Left, PluginCalls
from aei_sandbox.broker.progress import ProgressReports
from aei_sandbox.broker.record import AskSecret, Recorder, Replay

#: Most random bytes that one call gives.
MOST_RANDOM_BYTES = 4096

#: A failed secret look-up is answered at the next multiple of this, in seconds after the call: absent
#: and not granted then take the same time.
SECRET_ANSWER_GRID = 0.02

#: What a replay says once more; all else is only answered.
_SHOWN_AGAIN = frozenset({"log", "progress"})

#: Does one HTTP request for a guest.
Fetch = Callable[[str, Permit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Services:
    """What the broker needs from the host.

    Attributes:
        fetch: the way to the network.
        cabinet: where files are kept.
        ask_secret: tenant, execution, name → value or None.
        ask_model: the way to the marketplace's gateway.
        ask_plugin: the way to other plugins.
        tell: sends a message to the marketplace.
    """

    fetch: Fetch
    cabinet: Cabinet
    ask_secret: AskSecret
    ask_model: AskModel
    ask_plugin: AskPlugin
    tell: Callable[[LogLine | Progress], None]


class Broker:
    """Answers the host calls of one execution.

    Args:
        execution: what runs, and the capabilities it holds.
        services: the host's means.
        deadline: end of the execution on the event loop's clock, in seconds.
        left: what is left of its budget right now.

    Attributes:
        called: what the plugins used that it called.
        attempts: every host call of a rehearsal; None when this is none.

    Raises:
        BadJournal: it is to be answered from a journal, and that cannot be read.
    """

    def __init__(
        self, execution: Execute, services: Services, deadline: float, left: Callable[[], Left]
    ) -> None:
        self._execution = execution
        self._held = execution.capabilities
        self._services = services
        self._deadline = deadline
        self._began = time.monotonic_ns()
        self.denials = Denials()
        self.journal = Journal(execution.id, execution.limits.log_bytes, services.tell)
        self.progress = ProgressReports(execution.id, services.tell)
        self.used: set[str] = set()
        self.models = Models(execution, services.ask_model, deadline, self.denials, self.used)
        self._files = Files(execution, services.cabinet, self.denials, self.used)
        self._plugins = PluginCalls(
            execution, services.ask_plugin, left, self._charge, self.denials, self.used
        )
        self.called = Usage()
        self.attempts = Attempts() if execution.rehearsal else None
        self._recorder = self._replay = None
        if execution.recorded is not None:
            self._replay = Replay(execution, services.ask_secret)
        elif execution.journal is not None:
            self._recorder = Recorder(execution.journal)
        self.bytes_in = len(execution.task.encode())
        self.bytes_out = 0

    def call(self, interface: str, function: str, arguments: list[Any]) -> Any | Awaitable[Any]:
        """Do one call whose types are checked already; its answer, now or later.

        Raises:
            Diverged: it is not the one that a replay expects; an answer that comes later may raise it too.
        """
        if self._recorder is not None:
            self._recorder.asked(interface, function, arguments)
        if self.attempts is not None:
            self.attempts.asked(interface, function, arguments)
        if self._replay is not None:
            recorded = self._replay.call(interface, function, arguments)
            if interface not in _SHOWN_AGAIN:
                return recorded
        if interface == "files":
            return self._files.call(function, *arguments)
        if interface == "models":
            return self.models.call(function, arguments[0])
        return getattr(self, f"_{interface}_{function}")(*arguments)

    def answered(self, answer: Any) -> None:
        """The guest gets this answer to its call."""
        if self._recorder is not None:
            self._recorder.answered(answer)
        if self.attempts is not None:
            self.attempts.answered(answer)

    @property
    def refusals(self) -> int:
        """Calls that were denied, in a replay also those that had been."""
        return self.denials.total + (self._replay.denied if self._replay else 0)

    def written(self) -> bytes | None:
        """The journal; None when there is none, or it grew too long."""
        return self._recorder.content() if self._recorder else None

    def left_out(self) -> Divergence | None:
        """What a replay whose guest has returned did not come to."""
        return self._replay.rest() if self._replay else None

    def close(self) -> Awaitable[None] | None:
        """Send what was held back; what is left to wait for, if anything: the guest's files."""
        self.progress.flush()
        return self._files.close() if self._files.opened else None

    def _log_log(self, level: str, message: str) -> None:
        self.journal.write(self._elapsed_ns() // 1_000_000, level, message)

    def _progress_report(self, fraction: float, message: str) -> None:
        self.progress.report(fraction, message)

    def _clock_now(self) -> int:
        return time.time_ns() // 1_000_000

    def _clock_monotonic(self) -> int:
        return self._elapsed_ns()

    def _random_hex(self, count: int) -> str:
        return secrets.token_hex(min(count, MOST_RANDOM_BYTES))

    def _config_get(self) -> str:
        return self._execution.config

    def _http_fetch(self, request: str) -> Awaitable[Answer]:
        permit = Permit(self._held.hosts, self._deadline, self.denials, self.used)
        return self._services.fetch(request, permit)

    def _secrets_get(self, name: str) -> Awaitable[Answer]:
        return self._secret(name)

    async def _secret(self, name: str) -> Answer:
        began = time.monotonic()
        value = None
        if name in self._held.secrets:
            value = await self._services.ask_secret(self._execution.tenant, self._execution.id, name)
            if value is not None:
                self.used.add("secrets")
                return True, value
        self.denials.add("secrets", name)
        await _until_grid(began)
        return failure("denied", "no such secret is granted")

    def _plugins_call(self, plugin: str, task: str) -> Awaitable[Answer]:
        return self._plugins.call(plugin, task)

    def _charge(self, usage: Usage) -> None:
        """Count what a called plugin used as this execution's own."""
        self.called = Usage(
            cpu_ms=self.called.cpu_ms + usage.cpu_ms, host_calls=self.called.host_calls + usage.host_calls
        )
        self.bytes_out += usage.bytes_out
        self.models.tokens += usage.tokens

    def _elapsed_ns(self) -> int:
        return time.monotonic_ns() - self._began


async def _until_grid(began: float) -> None:
    passed = time.monotonic() - began
    await asyncio.sleep(SECRET_ANSWER_GRID - passed % SECRET_ANSWER_GRID)
