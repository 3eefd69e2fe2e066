"""A sandbox host for one program: started on entry, ended on exit, spoken to in Python.

For the authors' kit and for tests; the marketplace has a line of its own.
"""

import asyncio
import hashlib
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from aei_protocol.interface import ALWAYS
from aei_protocol.limits import Limits
from aei_protocol.messages import (
    MAX_FRAME,
    Cancel,
    Ended,
    Execute,
    Forget,
    Hello,
    LogLine,
    ModelAnswer,
    ModelWanted,
    PluginAnswer,
    PluginWanted,
    Prepare,
    Prepared,
    Progress,
    Refused,
    Retire,
    SecretAnswer,
    SecretWanted,
    Status,
    StatusWanted,
    Usage,
)
from aei_protocol.permissions import Capabilities
from aei_sandbox.frames import FrameLine
from aei_sandbox.wire import decode_for_marketplace, encode

_START_SECONDS = 30.0


class HostRefused(Exception):
    """The host said no.

    Attributes:
        code: one of the codes of `aei_protocol.messages.Refused`.
    """

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.detail)
        self.code = refusal.code


class HostLost(Exception):
    """The host ended, or closed the line."""


@dataclass(slots=True)
class Observer:
    """What an execution sent while it ran."""

    lines: list[LogLine] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)


async def no_model(wanted: ModelWanted) -> ModelAnswer:
    """The gateway of a program that has none."""
    return ModelAnswer(wanted.call, None, "failed", "no model can be asked here", 0)


async def no_plugin(wanted: PluginWanted) -> PluginAnswer:
    """The other plugins of a program that has none."""
    return PluginAnswer(wanted.call, None, "failed", "no other plugin can be called here", Usage())


class HostLine:
    """A connection to a running host.

    Args:
        secret: execution's tenant and name → value or None, asked when a guest reads a secret.
        model: answers when a guest asks a model.

    Attributes:
        plugin: answers when a guest calls another plugin.
    """

    def __init__(
        self,
        secret: Callable[[str, str], str | None] = lambda _tenant, _name: None,
        model: Callable[[ModelWanted], Awaitable[ModelAnswer]] = no_model,
    ) -> None:
        self._secret = secret
        self._model = model
        self.plugin: Callable[[PluginWanted], Awaitable[PluginAnswer]] = no_plugin
        self._asking: set[asyncio.Task[None]] = set()
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._observers: dict[str, Observer] = {}
        self._greeting: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()
        self.line = FrameLine(MAX_FRAME, self._on_frame, self._on_closed)

    async def connect(self, path: Path) -> Hello:
        """Connect, and read the host's greeting."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self.line, str(path))
        return await self._greeting

    async def prepare(self, content: bytes, interfaces: Iterable[str] = ALWAYS) -> Prepared:
        """Have a component compiled, or found.

        Raises:
            HostRefused: it is not admitted.
        """
        request = Prepare(str(uuid.uuid4()), hashlib.sha256(content).hexdigest(), tuple(interfaces), content)
        answer: Prepared = await self.ask(request)
        return answer

    async def execute(
        self,
        component: str,
        task: str,
        *,
        interfaces: Sequence[str] = ALWAYS,
        capabilities: Capabilities = Capabilities(),  # noqa: B008 a frozen value
        limits: Limits = Limits(),  # noqa: B008 a frozen value
        config: str = "{}",
        tenant: str = "local",
        installation: str = "local",
        plugin: str = "local.plugin",
        observer: Observer | None = None,
        execution: str | None = None,
        parent: str | None = None,
        journal: bytes | None = None,
        recorded: bytes | None = None,
        rehearsal: bool = False,
    ) -> Ended:
        """Run one task of a prepared component; see `aei_protocol.messages.Execute`.

        Raises:
            HostRefused: it did not begin.
        """
        message = Execute(
            execution or str(uuid.uuid4()), tenant, installation, plugin, "0.0.0", component,
            tuple(interfaces), capabilities, limits, config, task, None, parent, journal, recorded, rehearsal,
        )  # fmt: skip
        if observer is not None:
            self._observers[message.id] = observer
        try:
            ended: Ended = await self.ask(message)
        finally:
            self._observers.pop(message.id, None)
        return ended

    def cancel(self, execution: str) -> None:
        """End an execution; its `Ended` follows."""
        self.line.send(encode(Cancel(execution)))

    def retire(self, component: str, tenant: str | None = None) -> None:
        """End the idle workers of a component."""
        self.line.send(encode(Retire(component, tenant)))

    async def forget(self, tenant: str, installation: str) -> None:
        """Remove the files that an installation kept.

        Raises:
            HostRefused: they are still there.
        """
        await self.ask(Forget(str(uuid.uuid4()), tenant, installation))

    async def status(self) -> Status:
        """How the host is."""
        status: Status = await self.ask(StatusWanted(str(uuid.uuid4())))
        return status

    async def ask(self, request: Any) -> Any:
        """Send a request and wait for the answer with its id.

        Raises:
            HostRefused: the answer is no.
            HostLost: there will be none.
        """
        answer = self._answers[request.id] = asyncio.get_running_loop().create_future()
        self.line.send(encode(request))
        try:
            message = await answer
        finally:
            del self._answers[request.id]
        if isinstance(message, Refused):
            raise HostRefused(message)
        return message

    def _on_frame(self, body: bytes) -> None:
        message = decode_for_marketplace(body)
        match message:
            case Hello():
                self._greeting.set_result(message)
            case SecretWanted():
                value = self._secret(message.tenant, message.name)
                self.line.send(encode(SecretAnswer(message.call, value)))
            case ModelWanted():
                self._answer_later(self._model(message))
            case PluginWanted():
                self._answer_later(self.plugin(message))
            case LogLine():
                if message.id in self._observers:
                    self._observers[message.id].lines.append(message)
            case Progress():
                if message.id in self._observers:
                    self._observers[message.id].progress.append(message)
            case _:
                waiting = self._answers.get(message.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)

    def _answer_later(self, answer: Awaitable[ModelAnswer | PluginAnswer]) -> None:
        task = asyncio.get_running_loop().create_task(self._send_answer(answer))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _send_answer(self, answer: Awaitable[ModelAnswer | PluginAnswer]) -> None:
        self.line.send(encode(await answer))

    def _on_closed(self, _reason: str | None) -> None:
        for waiting in (self._greeting, *self._answers.values()):
            if not waiting.done():
                waiting.set_exception(HostLost("the sandbox host closed the line"))
                waiting.exception()  # looked at: nobody may be waiting


class LocalHost(HostLine):
    """A host of one's own, in a temporary folder; `async with LocalHost() as host: …`.

    Args:
        arguments: further arguments of the host's command line.
        artefacts: keeps compiled components between programs; a temporary directory without.
        files: keeps what guests write to `persistent/`; gone with this host without.
        secret: see `HostLine`.
    """

    def __init__(
        self,
        *arguments: str,
        artefacts: Path | None = None,
        files: Path | None = None,
        secret: Callable[[str, str], str | None] = lambda _tenant, _name: None,
    ) -> None:
        super().__init__(secret)
        self._arguments = arguments
        self._folder = tempfile.TemporaryDirectory(prefix="aei-sandbox-")
        self._artefacts = artefacts or Path(self._folder.name, "artefacts")
        self._files = files or Path(self._folder.name, "files")
        self.path = Path(self._folder.name, "host.sock")

    async def __aenter__(self) -> "LocalHost":
        """Start the host.

        Raises:
            HostLost: it did not become ready; why stands on standard error.
        """
        command = [sys.executable, "-m", "aei_sandbox.host", "--die-with-parent", "--socket", str(self.path)]
        command += ["--artefacts", str(self._artefacts), "--files", str(self._files), *self._arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220 it returns at once
        try:
            async with asyncio.timeout(_START_SECONDS):
                await asyncio.to_thread(self._wait_until_ready)
            self.hello = await self.connect(self.path)
        except BaseException:
            self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.close("done")
        await asyncio.to_thread(self._end)

    def _wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"ready\n":
            raise HostLost("the sandbox host did not start")

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._folder.cleanup()
