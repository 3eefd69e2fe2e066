"""Stand-ins for what lies outside the marketplace; they pass the same contract tests as the real ones."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from aei_marketplace.ground.ports import Listener, SandboxGone, SandboxRefused
from aei_protocol.messages import Ended, Execute, Hello, LogLine, Prepared, Progress, Status, Usage
from aei_protocol.outcomes import Outcome

WALLS = ("seccomp", "landlock", "rlimits")

#: What a scripted guest does: it may speak to the listener and says how it ends.
Guest = Callable[["FakeSandbox", Execute, Listener], Ended]


def echo(_: "FakeSandbox", task: Execute, listener: Listener) -> Ended:
    """A guest that reports once, writes one line and returns its task."""
    listener.progress(Progress(task.id, 0.5, "half"))
    listener.log(LogLine(task.id, 1, "info", "working"))
    return ended(task, output=task.task)


def ended(task: Execute, outcome: Outcome = Outcome.OK, **more: object) -> Ended:
    """An end with plausible usage."""
    values: dict[str, object] = {
        "output": None,
        "problem": None,
        "usage": Usage(1.25, 2.5, 1_048_576, 2, len(task.task), 2),
        "walls": WALLS,
        **more,
    }
    return Ended(task.id, outcome, **values)  # type: ignore[arg-type]  # the test names real fields


@dataclass
class FakeSandbox:
    """The port `Sandbox` without a host.

    Attributes:
        guest: what every execution does.
        prepared: components that are compiled; None when all are.
        hold: executions wait for it before they end, as long as it is not set.
        refuse: executions and forgetting are refused with this code and detail.
        gone: nobody answers, and what runs breaks off.
        sent: tasks that were started, in order.
    """

    guest: Guest = echo
    prepared: set[str] | None = None
    hold: asyncio.Event | None = None
    refuse: tuple[str, str] | None = None
    gone: bool = False
    sent: list[Execute] = field(default_factory=list)
    retired: list[tuple[str, str | None]] = field(default_factory=list)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    _running: "dict[str, asyncio.Future[str]]" = field(default_factory=dict)

    async def hello(self) -> Hello:
        self._require_host()
        return Hello("fake", "fake 1", WALLS, development=True)

    async def prepare(self, component: str, interfaces: tuple[str, ...], content: bytes = b"") -> Prepared:
        self._require_host()
        if self.prepared is not None and component not in self.prepared:
            if hashlib.sha256(content).hexdigest() != component:
                raise SandboxRefused("component_missing", "send it")
            self.prepared.add(component)
        return Prepared("prepared", component, interfaces, 1, 1)

    async def execute(self, task: Execute, listener: Listener) -> Ended:
        if self.gone:
            raise SandboxRefused("unreachable", "no sandbox host answers")
        if self.refuse is not None:
            code, detail = self.refuse
            raise SandboxRefused(code, detail)
        if self.prepared is not None and task.component not in self.prepared:
            raise SandboxRefused("component_missing", "send it")
        self.sent.append(task)
        verdict = await self._wait(task)
        if verdict == "cancelled":
            return ended(task, Outcome.CANCELLED, problem="cancelled")
        if verdict == "gone":
            raise SandboxGone("the connection to the sandbox host broke")
        return self.guest(self, task, listener)

    async def cancel(self, execution: str) -> None:
        self._stop(execution, "cancelled")

    async def retire(self, component: str, tenant: str | None = None) -> None:
        self.retired.append((component, tenant))

    async def forget(self, tenant: str, installation: str) -> None:
        self._require_host()
        if self.refuse is not None:
            code, detail = self.refuse
            raise SandboxRefused(code, detail)
        self.forgotten.append((tenant, installation))

    async def status(self) -> Status:
        self._require_host()
        return Status("status", 1, len(self._running), 0, len(self.prepared or ()))

    def break_off(self) -> None:
        """The host goes away while it runs what it runs."""
        for execution in list(self._running):
            self._stop(execution, "gone")

    async def _wait(self, task: Execute) -> str:
        if self.hold is None:
            return "go on"
        stopped = self._running[task.id] = asyncio.get_running_loop().create_future()
        holding = asyncio.create_task(self.hold.wait())
        try:
            await asyncio.wait((stopped, holding), return_when=asyncio.FIRST_COMPLETED)
            return stopped.result() if stopped.done() else "go on"
        finally:
            holding.cancel()
            del self._running[task.id]

    def _stop(self, execution: str, verdict: str) -> None:
        stopped = self._running.get(execution)
        if stopped is not None and not stopped.done():
            stopped.set_result(verdict)

    def _require_host(self) -> None:
        if self.gone:
            raise SandboxGone("no sandbox host answers")
