"""The adapter of the sandbox host when hosts break off or lie."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aei_marketplace.adapters.sandbox import Patience, SandboxClient
from aei_marketplace.ground.ports import SandboxGone, SandboxRefused
from aei_protocol.limits import Limits
from aei_protocol.messages import (
    Denial,
    Hello,
    LogLine,
    Progress,
    Refused,
    Status,
    Usage,
)
from aei_protocol.outcomes import Outcome
from tests.adapters.sandbox_hosts import (
    ECHO,
    IMPATIENT,
    Heard,
    NoModels,
    ScriptedHost,
    Secrets,
    digest,
    facing,
    ok,
    task,
)

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
