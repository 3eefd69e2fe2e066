"""A sandbox host behind a unix socket: one connection, many executions at once."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from aei_marketplace.adapters.sandbox.calls import Calls, Running
from aei_marketplace.adapters.sandbox.errands import Errands
from aei_marketplace.adapters.sandbox.line import Line
from aei_marketplace.ground.ports import (
    Listener,
    Models,
    SandboxGone,
    SandboxRefused,
    Secrets,
)
from aei_protocol.messages import (
    Cancel,
    Ended,
    Execute,
    Forget,
    Hello,
    ModelWanted,
    PluginWanted,
    Prepare,
    Prepared,
    Retire,
    SecretWanted,
    Status,
    StatusWanted,
    Usage,
)
from aei_protocol.outcomes import Outcome

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the client waits, in seconds.

    Attributes:
        connect: for a connection, when one is needed and none stands.
        answer: for an answer to a question (compiling a component is the longest).
        after_deadline: for the end of an execution beyond its own wall limit, queueing included; longer
            than a host lets an execution wait for a worker.
        sign_of_life: for any answer at all of a host that is late; one that gives none loses its line.
        first_retry, last_retry: between two attempts to connect, doubling.
    """

    connect: float = 5.0
    answer: float = 180.0
    after_deadline: float = 150.0
    sign_of_life: float = 10.0
    first_retry: float = 0.05
    last_retry: float = 0.25


class SandboxClient:
    """Speaks to one host; connects with the first call, and again whenever the line ends, until closed.

    Args:
        socket: where the host listens.
        secrets: who answers guests that hold the grant for a secret.
        models: who answers guests that hold the grant for a model.
    """

    def __init__(
        self, socket: Path, secrets: Secrets, models: Models, patience: Patience | None = None
    ) -> None:
        self._socket = socket
        self._patience = patience or Patience()
        self._line: Line | None = None
        self._hello: Hello | None = None
        self._calls = Calls()
        self._errands = Errands(self._calls, secrets, models)
        self._unsent: set[str] = set()
        self._ready = asyncio.Event()
        #: The line has greeted, or has ended without.
        self._greeted = asyncio.Event()
        self._ended = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None

    async def hello(self) -> Hello:
        """Who answers, and which walls stand; raises SandboxGone."""
        await self._connected()
        assert self._hello is not None
        return self._hello

    async def prepare(self, component: str, interfaces: tuple[str, ...], content: bytes = b"") -> Prepared:
        """Have a component compiled; raises SandboxRefused or SandboxGone."""
        answer: Prepared = await self._ask(Prepare(str(uuid4()), component, interfaces, content))
        return answer

    async def execute(self, task: Execute, listener: Listener) -> Ended:
        """Run one task, once.

        The host is asked to end the execution when the waiting task is cancelled.

        Raises:
            SandboxRefused: it never started; code `unreachable` when no host answered.
            SandboxGone: the connection broke after it was sent.
        """
        line = await self._connected_for(task)
        if line is None:
            return Ended(task.id, Outcome.CANCELLED, None, "cancelled before it began", Usage())
        run = Running(task, listener, asyncio.get_running_loop().create_future())
        self._calls.running[task.id] = run
        if not line.say(task):
            del self._calls.running[task.id]
            raise SandboxRefused("unreachable", "the connection ended before the task was sent")
        try:
            async with asyncio.timeout(task.limits.wall_ms / 1000 + self._patience.after_deadline):
                # The future outlives a waiter that leaves: the host's end of it must still find its place.
                return await asyncio.shield(run.ended)
        except TimeoutError:
            line.say(Cancel(task.id))
            await self._cut_if_mute(line)
            raise SandboxGone("the sandbox host did not report the end of an execution in time") from None
        except asyncio.CancelledError:
            line.say(Cancel(task.id))
            raise

    async def cancel(self, execution: str) -> None:
        """End a running execution now, or never send it; nothing happens when it has ended."""
        self._unsent.discard(execution)
        if self._line is not None and execution in self._calls.running:
            self._line.say(Cancel(execution))

    async def retire(self, component: str, tenant: str | None = None) -> None:
        """Let go of the idle workers of a component; raises SandboxGone."""
        (await self._connected()).say(Retire(component, tenant))

    async def forget(self, tenant: str, installation: str) -> None:
        """Have an installation's files removed; raises SandboxRefused or SandboxGone."""
        await self._ask(Forget(str(uuid4()), tenant, installation))

    async def status(self) -> Status:
        """How the host is; raises SandboxGone."""
        answer: Status = await self._ask(StatusWanted(str(uuid4())))
        return answer

    async def close(self) -> None:
        """Let go of the host: what still runs ends as lost."""
        self._errands.close()
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError):
                await self._connecting
        if self._line is not None:
            self._line.cut()
        self._forget()

    async def _keep_connected(self) -> None:
        pause = self._patience.first_retry
        while True:
            if await self._connect():
                pause = self._patience.first_retry
                await self._ended.wait()
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._patience.last_retry)

    async def _connect(self) -> bool:
        self._ended.clear()
        self._greeted.clear()
        loop = asyncio.get_running_loop()
        try:
            _, line = await loop.create_unix_connection(
                lambda: Line(self._hear, self._line_ended), str(self._socket)
            )
        except OSError:
            return False
        self._line = line
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.connect):
                await self._greeted.wait()
        if not self._ready.is_set():
            line.cut()
        return self._ready.is_set()

    async def _connected(self) -> Line:
        if not self._ready.is_set():
            if self._connecting is None or self._connecting.done():
                self._connecting = asyncio.create_task(self._keep_connected())
            try:
                async with asyncio.timeout(self._patience.connect):
                    await self._ready.wait()
            except TimeoutError:
                raise SandboxGone(f"no sandbox host answers at {self._socket}") from None
        assert self._line is not None
        return self._line

    async def _connected_for(self, task: Execute) -> Line | None:
        """The line on which a task goes out; None when it was cancelled before there was one."""
        self._unsent.add(task.id)
        try:
            line = await self._connected()
            return line if task.id in self._unsent else None
        except SandboxGone as gone:
            raise SandboxRefused("unreachable", str(gone)) from gone
        finally:
            self._unsent.discard(task.id)

    async def _cut_if_mute(self, line: Line) -> None:
        """Cut the line of a host that answers nothing: what else runs there is lost with it.

        A host that is only late with one answer keeps it, for other tenants' executions run on it.
        """
        sign: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        question = StatusWanted(str(uuid4()))
        if not line.say(question):
            return
        self._calls.asked[question.id] = sign
        await asyncio.wait((sign,), timeout=self._patience.sign_of_life)
        if not sign.done():
            line.cut()

    async def _ask(self, question: Prepare | Forget | StatusWanted) -> Any:
        line = await self._connected()
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls.asked[question.id] = answer
        if not line.say(question):
            self._calls.asked.pop(question.id, None)
            raise SandboxGone("the connection ended before the question was sent")
        try:
            async with asyncio.timeout(self._patience.answer):
                return await asyncio.shield(answer)
        except TimeoutError:
            await self._cut_if_mute(line)
            raise SandboxGone("the sandbox host did not answer in time") from None

    def _hear(self, line: Line, message: Any) -> None:
        match message:
            case Hello() if not self._ready.is_set():
                self._hello = message
                self._ready.set()
                self._greeted.set()
            case SecretWanted() | ModelWanted() | PluginWanted() if self._ready.is_set():
                self._errands.run(line, message)
            case _:
                self._calls.hear(message)

    def _line_ended(self, line: Line) -> None:
        if line is self._line:
            log.warning("sandbox.gone", running=len(self._calls.running))
            self._forget()

    def _forget(self) -> None:
        self._line = None
        self._hello = None
        self._ready.clear()
        self._calls.lose_all()
        self._greeted.set()
        self._ended.set()
