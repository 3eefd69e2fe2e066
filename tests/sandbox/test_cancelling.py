"""Cancels at the worst moment, faults, waits without end: each order is made to happen, in one process."""

import asyncio
import hashlib
import itertools
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aei_protocol.interface import ALWAYS
from aei_protocol.limits import Limits
from aei_protocol.messages import (
    Cancel,
    Ended,
    Execute,
    PluginAnswer,
    PluginWanted,
    Prepare,
    Prepared,
    Refused,
    Usage,
)
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox import house as houses
from aei_sandbox.house import House, Setting
from aei_sandbox.preparing import Preparation
from aei_sandbox.server import Desk
from aei_sandbox.supervision import Supervision
from aei_sandbox.wire import decode_for_marketplace, encode
from aei_sandbox.worker import Worker
from aei_sandbox.zygote import Zygote
from tests.sandbox.guests import calling, echo, endless

LONG = Limits(cpu_ms=60_000, wall_ms=120_000)
GRANTED = Capabilities(plugins=("acme.echo",))


class Marketplace(asyncio.Transport):
    """The other end of a desk's line: says what the test wants, keeps what the host tells."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.desk = Desk(house)
        self.heard: list[Any] = []
        self._news = asyncio.Event()
        self._numbers = itertools.count()
        self.desk.line.connection_made(self)

    def write(self, frame: Any) -> None:
        self.heard.append(decode_for_marketplace(bytes(frame[4:])))
        self._news.set()

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.desk.line.connection_lost(None)

    def say(self, message: Any) -> None:
        body = encode(message)
        self.desk.line.data_received(len(body).to_bytes(4, "big") + body)

    async def hear(self, wanted: Callable[[Any], bool]) -> Any:
        """The first message of this kind, once it has come."""
        async with asyncio.timeout(30):
            while not (found := [m for m in self.heard if wanted(m)]):
                self._news.clear()
                await self._news.wait()
        return found[0]

    async def end_of(self, id: str) -> Any:
        return await self.hear(lambda m: isinstance(m, Ended | Refused | Prepared) and m.id == id)

    async def prepare(self, content: bytes, *more: str) -> str:
        digest, id = hashlib.sha256(content).hexdigest(), f"p{next(self._numbers)}"
        self.say(Prepare(id, digest, (*ALWAYS, *more), content))
        assert isinstance(await self.end_of(id), Prepared)
        return digest

    def execute(self, component: str, parent: str | None = None, id: str = "caller") -> str:
        interfaces = ALWAYS if parent else (*ALWAYS, "plugins")
        self.say(
            Execute(
                id, "acme", "i", "acme.plugin", "1.0.0", component, interfaces, GRANTED, LONG, "{}", "{}",
                parent=parent,
            )
        )  # fmt: skip
        return id


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A host with one place, in this process; walls are not what is tested here."""
    (tmp_path / "artefacts").mkdir()
    setting = Setting(
        tmp_path / "artefacts",
        None,
        os.geteuid(),
        None,
        development=True,
        workers=1,
        spare=0,
        idle_seconds=60,
    )
    house = House(setting, _no_network)
    await house.open()
    yield house
    await house.close()


async def _no_network(*_: Any) -> tuple[bool, str]:
    raise AssertionError("no guest here asks for the network")


@contextmanager
def before(owner: Any, name: str, act: Callable[[], None]) -> Iterator[None]:
    """Act just before a function begins."""
    whole = getattr(owner, name)

    def acting(*given: Any, **more: Any) -> Any:
        act()
        return whole(*given, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, acting)
        yield


#: Where the cancel of a called execution can find it: on its way to a worker, at its first frame, running.
MOMENTS = [
    (House, "_require_admission"),
    (House, "_acquire"),
    (House, "_living_zygote"),
    (Zygote, "fork"),
    (Zygote, "_on_started"),
    (Worker, "_read_ready"),
    (Supervision, "run"),
    (Worker, "run"),
]


async def test_a_called_execution_is_cancelled_wherever_the_cancel_finds_it_and_leaves_nothing(
    house: House,
) -> None:
    marketplace = Marketplace(house)
    caller = await marketplace.prepare(calling("acme.echo"), "plugins")
    called = await marketplace.prepare(endless())
    parent = marketplace.execute(caller)
    wanted = await marketplace.hear(lambda m: isinstance(m, PluginWanted))
    for owner, moment in MOMENTS:
        child = f"called at {moment}"
        with before(owner, moment, partial(marketplace.say, Cancel(child))):
            ended = await marketplace.end_of(marketplace.execute(called, parent, child))
        assert (moment, ended.outcome) == (moment, Outcome.CANCELLED)
        assert (moment, house.running, len(house.status()["workers"])) == (moment, 1, 1)
    marketplace.say(PluginAnswer(wanted.call, "{}", None, None, Usage()))
    assert (await marketplace.end_of(parent)).outcome is Outcome.OK


async def test_who_waits_too_long_for_a_worker_is_refused_and_the_place_is_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketplace = Marketplace(house)
    component, begun = await marketplace.prepare(endless()), asyncio.Event()
    with before(Worker, "run", begun.set):
        running = marketplace.execute(component, id="first")
        async with asyncio.timeout(30):
            await begun.wait()
    monkeypatch.setattr(houses, "_WAIT_SECONDS", 0.05)
    refused = await marketplace.end_of(marketplace.execute(component, id="second"))
    assert (type(refused), refused.code, house.queued) == (Refused, "busy", 0)
    marketplace.say(Cancel(running))
    assert (await marketplace.end_of(running)).outcome is Outcome.CANCELLED
    well = await marketplace.prepare(echo())
    monkeypatch.undo()
    assert (await marketplace.end_of(marketplace.execute(well, id="third"))).outcome is Outcome.OK


async def test_a_fault_of_the_host_is_told_and_costs_no_place(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    marketplace = Marketplace(house)
    component = await marketplace.prepare(echo())

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    for owner, name in ((Supervision, "_begin"), (House, "_give_way"), (House, "_acquire")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken)
            ended = await marketplace.end_of(marketplace.execute(component, id=name))
        assert ended.outcome is Outcome.WORKER_LOST
    with monkeypatch.context() as patch:
        patch.setattr(Preparation, "prepare", broken)
        marketplace.say(Prepare("q", component, ALWAYS))
        assert (await marketplace.end_of("q")).code == "failed"
    assert len([r for r in caplog.records if "ZeroDivisionError" in str(r.exc_info)]) == 4
    assert house.running == 0
    assert (await marketplace.end_of(marketplace.execute(component, id="next"))).outcome is Outcome.OK


async def test_a_zygote_that_cannot_be_started_at_once_is_started_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketplace = Marketplace(house)
    component, start = await marketplace.prepare(echo()), subprocess.Popen

    def not_yet(*_: Any, **__: Any) -> Any:
        monkeypatch.setattr(subprocess, "Popen", start)
        raise BlockingIOError("there are too many processes")

    monkeypatch.setattr(subprocess, "Popen", not_yet)
    os.kill(house.status()["zygote"], signal.SIGKILL)
    async with asyncio.timeout(30):
        while subprocess.Popen is not start:  # noqa: ASYNC110 nothing tells when it is tried
            await asyncio.sleep(0.01)
    assert (await marketplace.end_of(marketplace.execute(component))).outcome is Outcome.OK


async def test_a_host_that_stops_begins_nothing_more_not_even_what_was_on_its_way(house: House) -> None:
    marketplace = Marketplace(house)
    caller = await marketplace.prepare(calling("acme.echo"), "plugins")
    called = await marketplace.prepare(endless())
    parent = marketplace.execute(caller)
    await marketplace.hear(lambda m: isinstance(m, PluginWanted))
    stopping: list[asyncio.Task[None]] = []

    def stop() -> None:
        stopping.append(asyncio.create_task(house.close()))

    with before(Worker, "_read_ready", stop):
        refused = await marketplace.end_of(marketplace.execute(called, parent, "called"))
    assert (type(refused), refused.code) == (Refused, "restarting")
    async with asyncio.timeout(30):
        await stopping[0]
    assert (await marketplace.end_of(parent)).outcome is Outcome.WORKER_LOST
