"""The adapter of the sandbox host: the contract that every sandbox keeps."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.ground.ports import Sandbox, SandboxGone, SandboxRefused
from aei_protocol.limits import Limits
from aei_protocol.messages import (
    Ended,
    Execute,
    Status,
    Usage,
)
from aei_protocol.outcomes import Outcome
from tests.adapters.sandbox_hosts import ECHO, IMPATIENT, Heard, NoModels, Secrets, digest, real_host, task
from tests.fakes import FakeSandbox
from tests.packages import component_wat, make_component

LOOPING = make_component(component_wat(body="(loop (br 0))"))


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
