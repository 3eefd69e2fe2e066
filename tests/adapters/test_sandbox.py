"""The port `Sandbox`: the real client on a real host, and the fake, held to the same contract.

Below, the client faces hosts that break off, say nothing, or lie.
"""

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aei_marketplace.adapters.sandbox import Patience, SandboxClient
from aei_marketplace.ground.ports import ModelCall, ModelReply, Sandbox, SandboxGone, SandboxRefused
from aei_protocol.limits import Limits
from aei_protocol.messages import (
    Denial,
    Ended,
    Execute,
    Hello,
    LogLine,
    Progress,
    Refused,
    SecretWanted,
    Status,
    Usage,
)
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from tests.fakes import FakeSandbox
from tests.packages import component_wat, make_component

ECHO = make_component(component_wat('{"said":"echo"}'))
LOOPING = make_component(component_wat(body="(loop (br 0))"))
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


# ---------------------------------------------------------------- the contract


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


@pytest.fixture(params=["fake", "real"])
async def any_sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sandbox]:
    """Each implementation of the port, with nothing prepared."""
    if request.param == "fake":
        yield FakeSandbox(prepared=set(), guest=lambda _, t, __: said_echo(t))
        return
    async with real_host(tmp_path):
        client = SandboxClient(tmp_path / "s", Secrets(), NoModels())
        yield client
        await client.close()


def said_echo(task: Execute) -> Ended:
    return Ended(task.id, Outcome.OK, '{"said":"echo"}', None, Usage(wall_ms=1.0), walls=("seccomp",))


async def test_a_host_says_who_it_is_and_which_walls_stand(any_sandbox: Sandbox) -> None:
    hello = await any_sandbox.hello()
    assert hello.runtime
    assert "seccomp" in hello.walls


async def test_a_component_is_asked_for_prepared_and_then_runs(any_sandbox: Sandbox) -> None:
    with pytest.raises(SandboxRefused) as refusal:
        await any_sandbox.execute(task("e1"), Heard())
    assert refusal.value.code == "component_missing"
    with pytest.raises(SandboxRefused) as refusal:
        await any_sandbox.prepare(digest(ECHO), ())
    assert refusal.value.code == "component_missing"
    prepared = await any_sandbox.prepare(digest(ECHO), (), ECHO)
    assert prepared.component == digest(ECHO)
    await any_sandbox.prepare(digest(ECHO), ())
    ended = await any_sandbox.execute(task("e2"), Heard())
    assert (ended.id, ended.outcome, ended.output) == ("e2", Outcome.OK, '{"said":"echo"}')
    assert "seccomp" in ended.walls


async def test_many_executions_share_one_host_and_each_gets_its_own_end(any_sandbox: Sandbox) -> None:
    await any_sandbox.prepare(digest(ECHO), (), ECHO)
    runs = (any_sandbox.execute(task(f"e{n}"), Heard()) for n in range(20))
    ended = await asyncio.gather(*runs)
    assert [e.id for e in ended] == [f"e{n}" for n in range(20)]
    assert {e.outcome for e in ended} == {Outcome.OK}


async def test_a_running_execution_can_be_cancelled(any_sandbox: Sandbox) -> None:
    if isinstance(any_sandbox, FakeSandbox):
        any_sandbox.hold = asyncio.Event()
    await any_sandbox.prepare(digest(LOOPING), (), LOOPING)
    slow = Limits(cpu_ms=60_000, wall_ms=60_000)
    running = asyncio.create_task(any_sandbox.execute(task("e1", LOOPING, limits=slow), Heard()))
    await asyncio.sleep(0.5)
    await any_sandbox.cancel("e1")
    ended = await asyncio.wait_for(running, 30)
    assert ended.outcome is Outcome.CANCELLED
    await any_sandbox.cancel("e1")


async def test_a_host_says_how_it_is_and_lets_workers_go(any_sandbox: Sandbox) -> None:
    assert isinstance(await any_sandbox.status(), Status)
    await any_sandbox.retire(digest(ECHO))
    await any_sandbox.retire(digest(ECHO), "t1")


async def test_forgetting_files_that_are_not_there_is_no_error(any_sandbox: Sandbox) -> None:
    await any_sandbox.forget("t1", "i1")
    await any_sandbox.forget("t1", "i1")


async def test_files_of_something_that_is_no_installation_are_not_forgotten(tmp_path: Path) -> None:
    async with real_host(tmp_path):
        client = SandboxClient(tmp_path / "s", Secrets(), NoModels())
        with pytest.raises(SandboxRefused) as refusal:
            await client.forget("t1", "../t2")
        assert refusal.value.code == "not_forgotten"
        await client.close()


async def test_nothing_is_forgotten_where_nobody_answers(tmp_path: Path) -> None:
    client = SandboxClient(tmp_path / "nobody", Secrets(), NoModels(), IMPATIENT)
    with pytest.raises(SandboxGone):
        await client.forget("t1", "i1")
    await client.close()
    with pytest.raises(SandboxGone):
        await FakeSandbox(gone=True).forget("t1", "i1")


async def test_a_killed_host_is_reported_and_the_next_one_found(tmp_path: Path) -> None:
    client = SandboxClient(tmp_path / "s", Secrets(), NoModels())
    try:
        async with real_host(tmp_path) as process:
            await client.prepare(digest(LOOPING), (), LOOPING)
            slow = Limits(cpu_ms=60_000, wall_ms=60_000)
            running = asyncio.create_task(client.execute(task("e1", LOOPING, limits=slow), Heard()))
            await asyncio.sleep(0.5)
            process.kill()
            with pytest.raises(SandboxGone):
                await asyncio.wait_for(running, 30)
            await process.wait()
        async with real_host(tmp_path):
            assert (await client.hello()).runtime
    finally:
        await client.close()


# ---------------------------------------------------------------- hosts that break off or lie


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


LIES: dict[str, Callable[[ScriptedHost], None]] = {
    "the end of an execution that does not run": lambda h: h.say(ok("e2")),
    "news of an execution that does not run": lambda h: h.say(LogLine("e2", 1, "info", "x")),
    "progress beyond its end": lambda h: h.say(Progress("e1", 7.0, "x")),
    "progress that is no number": lambda h: h.say(Progress("e1", float("nan"), "x")),
    "an output beyond the limit": lambda h: h.say(ok(output="x" * 1_048_577)),
    "usage below zero": lambda h: h.say(ok(usage=Usage(cpu_ms=-1))),
    "endless usage": lambda h: h.say(ok(usage=Usage(wall_ms=float("inf")))),
    "an unknown outcome": lambda h: h.say_bytes(
        msgspec.msgpack.encode(["Ended", {"id": "e1", "outcome": "splendid", "usage": {}}])
    ),
    "an unknown message": lambda h: h.say_bytes(msgspec.msgpack.encode(["Obey", {"id": "e1"}])),
    "an answer that nobody asked for": lambda h: h.say(Status("q1", 0, 0, 0, 0)),
    "no MessagePack": lambda h: h.say_bytes(b"\xc1\xc1\xc1"),
    "a message to hosts": lambda h: h.say(task("e1")),
    "a second greeting": lambda h: h.say(Hello("other", "none", (), development=True)),
    "a frame without end": lambda h: h.say_bytes(b"") or h._writer.write(b"\xff\xff\xff\xff"),  # type: ignore[func-returns-value,union-attr]
    "nesting without end": lambda h: h.say_bytes(b"\x92" + b"\xa6Status" + b"\x91" * 100_000),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_host_that_lies_loses_its_line(tmp_path: Path, lie: str) -> None:
    host = ScriptedHost(LIES[lie])
    async with facing(host, tmp_path) as client:
        with pytest.raises(SandboxGone):
            await asyncio.wait_for(client.execute(task(), Heard()), 20)
        await asyncio.wait_for(host.cut.wait(), 20)
        assert [kind for kind, _ in host.heard] == ["Execute"]


async def test_a_task_is_never_sent_again_on_the_next_line(tmp_path: Path) -> None:
    host = ScriptedHost(lambda h: h.hang_up() if h.connections == 1 else h.say(ok("e2")))
    async with facing(host, tmp_path) as client:
        with pytest.raises(SandboxGone):
            await client.execute(task("e1"), Heard())
        assert (await client.execute(task("e2"), Heard())).outcome is Outcome.OK
        assert [fields["id"] for _, fields in host.heard] == ["e1", "e2"]


async def test_an_end_is_heard_once(tmp_path: Path) -> None:
    def twice(host: ScriptedHost) -> None:
        host.say(ok())
        host.say(ok())

    host = ScriptedHost(twice)
    async with facing(host, tmp_path) as client:
        assert (await client.execute(task(), Heard())).outcome is Outcome.OK
        await asyncio.wait_for(host.cut.wait(), 20)


async def test_a_host_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    host = ScriptedHost(lambda _: None)
    async with facing(host, tmp_path) as client:
        with pytest.raises(SandboxGone):
            await asyncio.wait_for(client.execute(task(limits=Limits(wall_ms=100)), Heard()), 20)
        with pytest.raises(SandboxGone):
            await asyncio.wait_for(client.status(), 20)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.execute(task("late", limits=Limits(wall_ms=1)), Heard()),
        lambda client: client.prepare(digest(ECHO), (), ECHO),
    ],
    ids=["execute", "prepare"],
)
async def test_a_host_that_is_late_with_one_answer_keeps_its_line_and_what_else_runs_there(
    tmp_path: Path, ask: Callable[[SandboxClient], Any]
) -> None:
    def late(host: ScriptedHost) -> None:
        kind, fields = host.heard[-1]
        if kind == "StatusWanted":
            host.say(Status(fields["id"], 0, 0, 0, 0))
        elif fields["id"] == "other":  # the late answer comes after all, and hurts nobody
            asked, first = host.heard[0]
            host.say(ok("late") if asked == "Execute" else Refused(first["id"], "busy", "late"))
            host.say(ok("other"))

    host = ScriptedHost(late)
    patience = Patience(answer=0.05, after_deadline=0.05, sign_of_life=20.0)
    async with facing(host, tmp_path, patience=patience) as client:
        with pytest.raises(SandboxGone, match="in time"):
            await ask(client)
        assert (await client.execute(task("other", limits=Limits(wall_ms=20_000)), Heard())).id == "other"
        assert (host.connections, host.cut.is_set()) == (1, False)
    kinds = [kind for kind, _ in host.heard]
    assert kinds in (["Execute", "Cancel", "StatusWanted", "Execute"], ["Prepare", "StatusWanted", "Execute"])


async def test_what_is_cancelled_while_the_host_is_looked_for_is_never_sent(tmp_path: Path) -> None:
    host = ScriptedHost(lambda h: h.say(ok("e2")), greet=False)
    async with facing(host, tmp_path, patience=Patience(connect=30.0)) as client:
        waiting = asyncio.create_task(client.execute(task("e1"), Heard()))
        async with asyncio.timeout(20):
            while not host.connections:  # noqa: ASYNC110 the host has no event for it
                await asyncio.sleep(0.01)
        await client.cancel("e1")
        host.say(Hello("scripted", "none", (), development=True))
        ended = await waiting
        assert (ended.id, ended.outcome, ended.problem) == (
            "e1",
            Outcome.CANCELLED,
            "cancelled before it began",
        )
        assert (await client.execute(task("e2"), Heard())).outcome is Outcome.OK
    assert [fields["id"] for _, fields in host.heard] == ["e2"]


async def test_without_a_host_nothing_was_sent_and_the_refusal_says_so(tmp_path: Path) -> None:
    client = SandboxClient(tmp_path / "nobody", Secrets(), NoModels(), IMPATIENT)
    try:
        with pytest.raises(SandboxRefused) as refusal:
            await client.execute(task(), Heard())
        assert refusal.value.code == "unreachable"
        with pytest.raises(SandboxGone):
            await client.hello()
    finally:
        await client.close()


async def test_a_host_that_never_greets_is_not_spoken_to(tmp_path: Path) -> None:
    host = ScriptedHost(lambda _: None, greet=False)
    async with facing(host, tmp_path) as client:
        with pytest.raises(SandboxRefused):
            await client.execute(task(), Heard())
        assert not host.heard


async def test_a_host_that_hangs_up_without_a_greeting_is_looked_for_again_at_once(tmp_path: Path) -> None:
    class Restarting(ScriptedHost):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.connections == 0:
                self.connections += 1
                writer.close()
                return
            await super().serve(reader, writer)

    host = Restarting(lambda h: h.say(ok()))
    async with facing(host, tmp_path, patience=Patience(connect=60.0)) as client:
        async with asyncio.timeout(30):
            assert (await client.execute(task(), Heard())).outcome is Outcome.OK
    assert host.connections == 2


async def test_who_stops_waiting_ends_the_execution(tmp_path: Path) -> None:
    host = ScriptedHost(lambda h: h.say(ok()) if h.heard[-1][0] == "Cancel" else None)
    async with facing(host, tmp_path) as client:
        running = asyncio.create_task(client.execute(task(), Heard()))
        async with asyncio.timeout(20):
            while not host.heard:  # noqa: ASYNC110 the host has no event for it
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        async with asyncio.timeout(20):
            while len(host.heard) < 2:  # noqa: ASYNC110 the host has no event for it
                await asyncio.sleep(0.01)
        assert host.heard[1] == ("Cancel", {"id": "e1"})
        assert not host.cut.is_set()


async def test_news_reach_the_listener_in_order(tmp_path: Path) -> None:
    def speak(host: ScriptedHost) -> None:
        host.say(Progress("e1", 0.25, "a quarter"))
        host.say(LogLine("e1", 3, "warn", "careful"))
        host.say(ok(denied=(Denial("network", "evil.example", 2),)))

    heard = Heard()
    async with facing(ScriptedHost(speak), tmp_path) as client:
        ended = await client.execute(task(), heard)
    assert heard.news == [Progress("e1", 0.25, "a quarter"), LogLine("e1", 3, "warn", "careful")]
    assert ended.denied == (Denial("network", "evil.example", 2),)


# ---------------------------------------------------------------- secrets


async def ask_secret(folder: Path, wanted: SecretWanted) -> tuple[ScriptedHost, Secrets]:
    """Have a host ask for a secret while execution e1 of t1 runs, which may read ACME_KEY and NO_SUCH."""
    secrets = Secrets()
    host = ScriptedHost(lambda h: h.say(wanted) if h.heard[-1][0] == "Execute" else h.say(ok()))
    async with facing(host, folder, secrets) as client:
        held = Capabilities(secrets=("ACME_KEY", "NO_SUCH"))
        with contextlib.suppress(SandboxGone):
            await asyncio.wait_for(client.execute(task(capabilities=held), Heard()), 20)
    return host, secrets


async def test_a_guest_with_the_grant_gets_the_secret(tmp_path: Path) -> None:
    host, secrets = await ask_secret(tmp_path, SecretWanted(5, "e1", "t1", "ACME_KEY"))
    assert host.heard[1] == ("SecretAnswer", {"call": 5, "value": "value of ACME_KEY"})
    assert secrets.asked == [("t1", "ACME_KEY")]


async def test_a_secret_that_does_not_exist_has_no_value(tmp_path: Path) -> None:
    host, _ = await ask_secret(tmp_path, SecretWanted(5, "e1", "t1", "NO_SUCH"))
    assert host.heard[1] == ("SecretAnswer", {"call": 5, "value": None})


async def test_an_execution_that_does_not_run_gets_no_secret(tmp_path: Path) -> None:
    host, secrets = await ask_secret(tmp_path, SecretWanted(5, "e9", "t1", "ACME_KEY"))
    assert host.heard[1] == ("SecretAnswer", {"call": 5, "value": None})
    assert secrets.asked == []


@pytest.mark.parametrize(("tenant", "name"), [("t2", "ACME_KEY"), ("t1", "OTHER_KEY")])
async def test_asking_for_a_foreign_or_ungranted_secret_costs_the_line(
    tmp_path: Path, tenant: str, name: str
) -> None:
    host, secrets = await ask_secret(tmp_path, SecretWanted(5, "e1", tenant, name))
    assert [kind for kind, _ in host.heard] == ["Execute"]
    assert secrets.asked == []
