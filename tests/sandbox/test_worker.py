"""A worker that was taken over: whatever it writes, the host believes nothing and ends it."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aei_protocol.interface import SIGNATURES
from aei_protocol.limits import Limits
from aei_protocol.messages import Ended, Execute, ModelAnswer
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox import worker as workers
from aei_sandbox.broker import Services
from aei_sandbox.broker.files.cabinet import Cabinet
from aei_sandbox.pool import Pool
from aei_sandbox.supervision import Supervision
from aei_sandbox.worker import BrokenArtefact, Key, State, Worker, check_call
from aei_sandbox.zygote import Child, ZygoteLost

INTERFACES = ("log", "clock", "secrets", "http")


class FakeZygote:
    """Forks no worker: the test holds the line, and a process that only sleeps stands for the worker."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(["sleep", "60"])
        self.line: socket.socket | None = None
        self.forked = asyncio.Event()

    async def fork(self, _kind: str, line: socket.socket, *_fields: Any) -> Child:
        self.line = line
        ended = asyncio.get_running_loop().create_future()
        self._ended = ended
        self.forked.set()
        return Child(os.pidfd_open(self.process.pid), self.process.pid, ended)

    def say(self, *fields: Any) -> None:
        body = msgspec.msgpack.encode(fields)
        self.write(len(body).to_bytes(4, "big") + body)

    def write(self, content: bytes) -> None:
        assert self.line is not None
        self.line.sendall(content)

    async def was_killed(self) -> bool:
        status = await asyncio.to_thread(self.process.wait, 10)
        return status == -signal.SIGKILL

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.line is not None:
            self.line.close()
        if not self._ended.done():
            self._ended.set_result(None)


@dataclass
class Taken:
    """A worker that is the test's, and the execution that the host believes it runs."""

    zygote: FakeZygote
    worker: Worker
    told: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def run(self, **limits: int) -> "asyncio.Task[Ended]":
        execution = Execute(
            "e", "acme", "i", "acme.plugin", "1.0.0", "0" * 64, INTERFACES, Capabilities(secrets=("KEY",)),
            Limits(**{"wall_ms": 20_000, **limits}), "{}", "{}",
        )  # fmt: skip
        services = Services(
            fetch=self._no_network,
            cabinet=Cabinet(None, 1),
            ask_secret=self._secret,
            ask_model=self._no_model,
            ask_plugin=self._no_plugin,
            tell=self.told.append,
        )
        return asyncio.get_running_loop().create_task(Supervision(execution, self.worker, services).run())

    async def _no_network(self, *_: Any) -> tuple[bool, str]:
        return False, "{}"

    async def _no_model(self, *_: Any) -> ModelAnswer:
        return ModelAnswer(1, None, "failed", None, 0)

    async def _no_plugin(self, *_: Any) -> Any:
        raise AssertionError("no guest here calls a plugin")

    async def _secret(self, _tenant: str, _execution: str, name: str) -> str | None:
        self.asked.append(name)
        return "value"

    async def heard(self) -> list[Any]:
        """The next frame that the host wrote."""
        assert self.zygote.line is not None
        self.zygote.line.setblocking(False)
        loop = asyncio.get_running_loop()
        length = int.from_bytes(await loop.sock_recv(self.zygote.line, 4), "big")
        frame: list[Any] = msgspec.msgpack.decode(await loop.sock_recv(self.zygote.line, length))
        return frame


async def take() -> Taken:
    zygote = FakeZygote()
    worker = Worker(Key("acme", "0" * 64, INTERFACES), 1 << 20)
    starting = asyncio.get_running_loop().create_task(worker.start(zygote, "x", lambda _: None))  # type: ignore[arg-type]
    await zygote.forked.wait()
    zygote.say("ready", ["seccomp"], {})
    await starting
    return Taken(zygote, worker)


@pytest.fixture
async def taken() -> AsyncIterator[Taken]:
    one = await take()
    yield one
    one.zygote.end()


FORGERIES: list[tuple[Any, ...]] = [
    (),
    ("unknown",),
    ("ready", [], {}),
    ("broken", "x"),
    ("done",),
    ("done", "ok"),
    ("done", "ok", 7),
    ("done", "worker_lost", "x"),
    ("done", ["ok"], "x"),
    ("done", "ok", "x", "more"),
    ("call",),
    ("call", "log", "log"),
    ("call", "log", "log", "info"),
    ("call", "log", "log", ["info"]),
    ("call", "log", "log", ["info", 7]),
    ("call", "log", "erase", ["info", "x"]),
    ("call", "files", "read", ["scratch/x"]),
    ("call", "shell", "run", ["x"]),
    ("call", "secrets", "get", [None]),
    ("call", "secrets", "get", ["KEY", "other-tenant"]),
    ("call", "clock", "now", [1]),
    ("call", ["log"], "log", ["info", "x"]),
    ("answer", "x"),
    ("run", "x", [1, 1, 1, 1, 1]),
]


@pytest.mark.parametrize("forged", FORGERIES)
async def test_a_forged_frame_is_a_violation_and_ends_the_worker(
    taken: Taken, forged: tuple[Any, ...]
) -> None:
    running = taken.run()
    await asyncio.sleep(0)
    taken.zygote.say(*forged)
    ended = await asyncio.wait_for(running, 10)
    assert ended.outcome is Outcome.SANDBOX_VIOLATION
    assert ended.output is None
    assert taken.worker.state is State.DEAD
    assert await taken.zygote.was_killed()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=1, max_size=100))
async def test_no_frame_of_noise_gets_a_worker_an_outcome_of_its_choice(noise: bytes) -> None:
    taken = await take()
    running = taken.run(wall_ms=2_000)
    await asyncio.sleep(0)
    taken.zygote.write(len(noise).to_bytes(4, "big") + noise)
    assert (await asyncio.wait_for(running, 10)).outcome is Outcome.SANDBOX_VIOLATION
    taken.zygote.end()


async def test_a_frame_longer_than_any_honest_one_is_a_violation(taken: Taken) -> None:
    running = taken.run(output_bytes=1000)
    await asyncio.sleep(0)
    taken.zygote.write((64 << 20).to_bytes(4, "big"))
    assert (await asyncio.wait_for(running, 10)).outcome is Outcome.SANDBOX_VIOLATION


async def test_a_result_above_the_limit_that_the_worker_knew_is_a_violation(taken: Taken) -> None:
    running = taken.run(output_bytes=1000)
    await asyncio.sleep(0)
    taken.zygote.say("done", "ok", "x" * 1001)
    assert (await asyncio.wait_for(running, 10)).outcome is Outcome.SANDBOX_VIOLATION


@pytest.mark.parametrize(
    "second", [("call", "clock", "now", []), ("done", "ok", "x"), ("call", "log", "log", ["a", "b"])]
)
async def test_a_worker_that_goes_on_while_its_guest_waits_is_a_violation(
    taken: Taken, second: tuple[Any, ...]
) -> None:
    running = taken.run()
    await asyncio.sleep(0)
    taken.zygote.say("call", "http", "fetch", ["{}"])
    taken.zygote.say(*second)
    assert (await asyncio.wait_for(running, 10)).outcome is Outcome.SANDBOX_VIOLATION


async def test_an_idle_worker_that_speaks_is_ended(taken: Taken) -> None:
    taken.zygote.say("done", "ok", "x")
    assert await taken.zygote.was_killed()
    assert taken.worker.state is State.DEAD


async def test_a_second_end_cannot_change_the_first(taken: Taken) -> None:
    running = taken.run()
    await asyncio.sleep(0)
    taken.zygote.say("done", "ok", "first")
    taken.zygote.say("done", "ok", "second")
    ended = await asyncio.wait_for(running, 10)
    assert (ended.outcome, ended.output) == (Outcome.OK, "first")
    assert await taken.zygote.was_killed()


async def test_the_grant_is_checked_by_the_host_whatever_the_worker_links(taken: Taken) -> None:
    running = taken.run()
    await asyncio.sleep(0)
    await taken.heard()
    taken.zygote.say("call", "secrets", "get", ["OTHER"])
    assert (await asyncio.wait_for(taken.heard(), 10))[1][0] is False
    taken.zygote.say("call", "secrets", "get", ["KEY"])
    assert await asyncio.wait_for(taken.heard(), 10) == ["answer", [True, "value"]]
    taken.zygote.say("done", "ok", "x")
    ended = await asyncio.wait_for(running, 10)
    assert taken.asked == ["KEY"]
    assert [d.target for d in ended.denied] == ["OTHER"]


async def test_a_fault_of_ours_while_a_call_is_answered_ends_the_execution_and_is_logged(
    taken: Taken, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> str | None:
        raise ZeroDivisionError

    monkeypatch.setattr(taken, "_secret", broken)
    running = taken.run()
    await asyncio.sleep(0)
    taken.zygote.say("call", "secrets", "get", ["KEY"])
    assert (await asyncio.wait_for(running, 10)).outcome is Outcome.WORKER_LOST
    assert await taken.zygote.was_killed()
    assert "ZeroDivisionError" in str([r.exc_info for r in caplog.records])


async def test_host_calls_are_counted_by_the_host(taken: Taken) -> None:
    running = taken.run(host_calls=3)
    await asyncio.sleep(0)
    for _ in range(4):
        taken.zygote.say("call", "log", "log", ["info", "x"])
    ended = await asyncio.wait_for(running, 10)
    assert (ended.outcome, ended.usage.host_calls) == (Outcome.HOST_CALL_LIMIT, 3)
    assert len(taken.told) == 3
    assert await taken.zygote.was_killed()


@pytest.mark.parametrize(
    ("signal_number", "outcome"),
    [
        (signal.SIGXCPU, Outcome.CPU_LIMIT),
        (signal.SIGSYS, Outcome.SANDBOX_VIOLATION),
        (signal.SIGSEGV, Outcome.WORKER_LOST),
        (signal.SIGKILL, Outcome.WORKER_LOST),
    ],
)
async def test_how_a_worker_died_names_the_outcome(
    taken: Taken, signal_number: signal.Signals, outcome: Outcome
) -> None:
    running = taken.run()
    await asyncio.sleep(0)
    assert taken.zygote.line is not None
    taken.zygote.line.close()
    taken.zygote._ended.set_result(int(signal_number))
    assert (await asyncio.wait_for(running, 10)).outcome is outcome


async def test_a_worker_that_cannot_load_its_artefact_says_so() -> None:
    zygote = FakeZygote()
    worker = Worker(Key("acme", "0" * 64, ()), 1)
    starting = asyncio.get_running_loop().create_task(worker.start(zygote, "x", lambda _: None))  # type: ignore[arg-type]
    await zygote.forked.wait()
    zygote.say("broken", "incompatible")
    with pytest.raises(BrokenArtefact):
        await starting
    assert await zygote.was_killed()
    zygote.end()


async def test_a_worker_that_is_never_forked_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class StuckZygote(FakeZygote):
        async def fork(self, _kind: str, line: socket.socket, *_fields: Any) -> Child:
            await super().fork(_kind, line)
            return await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(workers, "_START_SECONDS", 0.05)
    zygote = StuckZygote()
    with pytest.raises(ZygoteLost, match="did not become ready"):
        await Worker(Key("acme", "0" * 64, ()), 1).start(zygote, "x", lambda _: None)  # type: ignore[arg-type]
    zygote.end()


async def test_a_worker_that_dies_before_it_is_ready_is_lost() -> None:
    zygote = FakeZygote()
    worker = Worker(Key("acme", "0" * 64, ()), 1)
    starting = asyncio.get_running_loop().create_task(worker.start(zygote, "x", lambda _: None))  # type: ignore[arg-type]
    await zygote.forked.wait()
    zygote.end()
    with pytest.raises(ZygoteLost):
        await asyncio.wait_for(starting, 10)


async def test_a_worker_that_has_ended_is_given_to_nobody_while_its_last_words_are_read(taken: Taken) -> None:
    pool = Pool(1, 60, _never_made)
    pool._resting.add(taken.worker)
    taken.zygote._ended.set_result(None)  # the line still stands
    await asyncio.sleep(0)
    with pytest.raises(BrokenArtefact):
        await pool.acquire(taken.worker.key, 1)
    assert not pool.workers
    pool.close()


async def _never_made(_key: Key, _memory_bytes: int) -> Worker:
    raise BrokenArtefact("a new one was wanted")


@given(st.sampled_from([(i, f) for i, functions in SIGNATURES.items() for f in functions]))
def test_every_function_that_is_linked_may_be_called_and_no_other(function: tuple[str, str]) -> None:
    interface, name = function
    values = {"string": "x", "f64": 0.5, "u32": 1}
    parameters = SIGNATURES[interface][name].removeprefix("func(").partition(")->")[0]
    arguments = [values[p.partition(":")[2]] for p in parameters.split(",") if p]
    check_call([interface], interface, name, arguments)
    with pytest.raises(ValueError, match="not linked"):
        check_call([], interface, name, arguments)
    with pytest.raises(ValueError, match="another type"):
        check_call([interface], interface, name, [*arguments, "x"])
