"""The broker: does every host call of a guest, after checking it against what the guest holds.

It runs in the host process and reads the capabilities from the execution, never from the worker.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aei_protocol.messages import Execute, LogLine, Progress
from aei_sandbox.broker.answers import Answer, failure
from aei_sandbox.broker.denials import Denials
from aei_sandbox.broker.fetch import Permit
from aei_sandbox.broker.files import Files
from aei_sandbox.broker.files.cabinet import Cabinet
from aei_sandbox.broker.journal import Journal
from aei_sandbox.broker.models import AskModel, Models
from aei_sandbox.broker.progress import ProgressReports

#: Most random bytes that one call gives.
MOST_RANDOM_BYTES = 4096

#: A failed secret look-up is answered at the next multiple of this, in seconds after the call: absent
#: and not granted then take the same time.
SECRET_ANSWER_GRID = 0.02

#: The permission that each interface needs; the others need none.
PERMISSION_OF = {
    "http": "network",
    "secrets": "secrets",
    "plugins": "plugins",
}

_NOT_BUILT = {
    "plugins": lambda held: held.plugins,
}

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
        tell: sends a message to the marketplace.
    """

    fetch: Fetch
    cabinet: Cabinet
    ask_secret: Callable[[str, str, str], Awaitable[str | None]]
    ask_model: AskModel
    tell: Callable[[LogLine | Progress], None]


class Broker:
    """Answers the host calls of one execution.

    Args:
        execution: what runs, and the capabilities it holds.
        services: the host's means.
        deadline: end of the execution on the event loop's clock, in seconds.
    """

    def __init__(self, execution: Execute, services: Services, deadline: float) -> None:
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
        self.bytes_in = len(execution.task.encode())
        self.bytes_out = 0

    def call(self, interface: str, function: str, arguments: list[Any]) -> Any | Awaitable[Any]:
        """Do one call whose types are checked already; its answer, now or later."""
        if interface in _NOT_BUILT:
            return self._not_built(interface, arguments[0] if interface == "plugins" else "*")
        if interface == "files":
            return self._files.call(function, *arguments)
        if interface == "models":
            return self.models.call(function, arguments[0])
        return getattr(self, f"_{interface}_{function}")(*arguments)

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

    def _not_built(self, interface: str, target: str) -> Answer:
        if _NOT_BUILT[interface](self._held):
            return failure("failed", "not available in this version")
        self.denials.add(PERMISSION_OF[interface], target)
        return failure("denied", f"the permission {PERMISSION_OF[interface]} is not granted")

    def _elapsed_ns(self) -> int:
        return time.monotonic_ns() - self._began


async def _until_grid(began: float) -> None:
    passed = time.monotonic() - began
    await asyncio.sleep(SECRET_ANSWER_GRID - passed % SECRET_ANSWER_GRID)
