"""Sandbox hosts for tests: a real one, one that follows a script, and what a client of either brings."""

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec

from aei_marketplace.adapters.sandbox import Patience, SandboxClient
from aei_marketplace.ground.ports import ModelCall, ModelReply
from aei_protocol.limits import Limits
from aei_protocol.messages import (
    Ended,
    Execute,
    Hello,
    LogLine,
    Progress,
    Usage,
)
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from tests.packages import component_wat, make_component

ECHO = make_component(component_wat('{"said":"echo"}'))
IMPATIENT = Patience(
    connect=2.0, answer=1.0, after_deadline=1.0, sign_of_life=1.0, first_retry=0.01, last_retry=0.1
)


class NoModels:
    """A gateway that is not asked."""

    async def answer(self, call: ModelCall) -> ModelReply:
        raise AssertionError(f"nobody asks a model here: {call}")


class Secrets:
    """Knows one secret of every tenant."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def value(self, tenant: str, name: str) -> str | None:
        self.asked.append((tenant, name))
        return f"value of {name}" if name == "ACME_KEY" else None


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.news: list[Progress | LogLine] = []

    def progress(self, message: Progress) -> None:
        self.news.append(message)

    def log(self, line: LogLine) -> None:
        self.news.append(line)


def digest(component: bytes) -> str:
    return hashlib.sha256(component).hexdigest()


def task(id: str = "e1", component: bytes = ECHO, **more: Any) -> Execute:
    values: dict[str, Any] = {
        "tenant": "t1",
        "installation": "i1",
        "plugin": "acme.echo",
        "version": "1.0.0",
        "component": digest(component),
        "interfaces": (),
        "capabilities": Capabilities(),
        "limits": Limits(wall_ms=2_000),
        "config": "{}",
        "task": "{}",
        **more,
    }
    return Execute(id=id, **values)


@contextlib.asynccontextmanager
async def real_host(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A sandbox host of its own process, listening at `folder / "s"`."""
    socket = folder / "s"
    command = ["-m", "aei_sandbox.host", "--socket", str(socket), "--artefacts", str(folder / "artefacts")]
    command += ["--files", str(folder / "files")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--die-with-parent", "--max-workers", "2", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


class ScriptedHost:
    """Says what the test decides on each connection, and keeps what it hears."""

    def __init__(self, script: "Callable[[ScriptedHost], Any]", greet: bool = True) -> None:
        self.script = script
        self.greet = greet
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.connections = 0
        self.cut = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    def say(self, message: Any) -> None:
        self.say_bytes(msgspec.msgpack.encode((type(message).__name__, message)))

    def say_bytes(self, body: bytes) -> None:
        assert self._writer is not None
        self._writer.write(len(body).to_bytes(4, "big") + body)

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        if self.greet:
            self.say(Hello("scripted", "none", (), development=True))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int.from_bytes(await reader.readexactly(4), "big")
                kind, fields = msgspec.msgpack.decode(await reader.readexactly(length))
                self.heard.append((kind, fields))
                self.script(self)
        self.cut.set()
        writer.close()


@contextlib.asynccontextmanager
async def facing(
    host: ScriptedHost, folder: Path, secrets: Secrets | None = None, patience: Patience = IMPATIENT
) -> AsyncIterator[SandboxClient]:
    server = await asyncio.start_unix_server(host.serve, str(folder / "s"))
    client = SandboxClient(folder / "s", secrets or Secrets(), NoModels(), patience)
    try:
        yield client
    finally:
        await client.close()
        server.close()


def ok(id: str = "e1", **more: Any) -> Ended:
    values: dict[str, Any] = {"outcome": Outcome.OK, "output": "1", "problem": None, "usage": Usage(), **more}
    return Ended(id=id, **values)
