"""What happens to executions whose process is gone, and what is forgotten with time."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.executions import service
from aei_marketplace.executions.errors import NotReady
from aei_marketplace.executions.service import Runs
from aei_marketplace.executions.service import owner as owner_module
from aei_marketplace.executions.service import runs as runs_module
from aei_marketplace.executions.service.owner import lock_key
from aei_marketplace.executions.service.recovery import end_left
from aei_marketplace.executions.store import quick
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from tests.builders import Tenant
from tests.executions.conftest import TRACE, Log, actions, run, until, wanted
from tests.fakes import FakeSandbox


async def lose_owner(server: str, owner: object) -> None:
    """Break the connection that holds a process's lock, as a crash of the process does."""
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
            f"owner {owner}",
        )
    finally:
        await admin.close()


async def test_executions_of_a_living_process_are_left_alone(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.hold = asyncio.Event()
    started = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
    assert await service.recover(deps.works) == 0
    sandbox.hold.set()
    await until(lambda: not runs.running)
    assert (await service.read_execution(deps.works, acme.agent, started.id)).outcome == "ok"


async def test_executions_of_a_lost_process_end_once_as_worker_lost_whoever_recovers(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    sandbox.hold = asyncio.Event()
    process = service.serving(deps, urls.app)
    runs = await process.__aenter__()
    started = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
    connection = await asyncpg.connect(urls.owner)
    # The process vanishes: its lock is free, and nobody is left to record an end.
    await connection.execute("update executions set owner = gen_random_uuid()")
    ended = await asyncio.gather(*(service.recover(deps.works) for _ in range(4)))
    assert sum(ended) == 1
    execution = await service.read_execution(deps.works, acme.agent, started.id)
    assert execution.outcome == "worker_lost"
    assert "not started again" in (execution.problem or "")
    assert actions(await log.of(started.id)) == ["execution.start", "execution.end"]
    sandbox.hold.set()
    await process.__aexit__(None, None, None)
    await connection.close()
    assert actions(await log.of(started.id)) == ["execution.start", "execution.end"]


@pytest.mark.parametrize("lost", ["start", "end"])
async def test_what_a_living_process_has_lost_is_ended_once_and_what_it_runs_is_left_alone(
    runs: Runs,
    deps: Deps,
    acme: Tenant,
    sandbox: FakeSandbox,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    lost: str,
) -> None:
    write_start = quick.write_start

    async def start_unheard(*given: Any) -> None:
        await write_start(*given)
        raise asyncpg.ConnectionDoesNotExistError("closed in the middle of the operation")

    async def end_unwritten(*_: Any) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(quick, f"write_{lost}", start_unheard if lost == "start" else end_unwritten)
        with pytest.raises((asyncpg.ConnectionDoesNotExistError, ZeroDivisionError)):
            await run(runs, acme.agent)
    assert not runs.running
    sandbox.hold = asyncio.Event()
    under_way = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
    assert await service.recover(deps.works) == 0
    assert [await end_left(runs), await end_left(runs)] == [1, 0]
    async with deps.works.begin(acme.agent) as work:
        running, left = (await service.list_executions(work, PageWanted())).items
    assert (running.id, running.outcome) == (under_way.id, None)
    assert (left.outcome, "not started again" in (left.problem or "")) == ("worker_lost", True)
    assert actions(await log.of(left.id)) == ["execution.start", "execution.end"]
    sandbox.hold.set()
    await until(lambda: not runs.running)


async def test_a_process_stops_although_nothing_can_be_recorded_and_what_it_ran_is_recovered(
    deps: Deps,
    acme: Tenant,
    sandbox: FakeSandbox,
    urls: DatabaseUrls,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unreachable(*_: Any) -> bool:
        raise OSError("nobody listens there")

    async def ignore(_: str) -> None:
        return None

    monkeypatch.setattr(sandbox, "cancel", ignore)
    for seconds in ("FAREWELL_SECONDS", "RECORDING_SECONDS"):
        monkeypatch.setattr(runs_module, seconds, 0.2)
    sandbox.hold = asyncio.Event()
    async with asyncio.timeout(60):
        async with service.serving(deps, urls.app) as runs:
            started = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
            await until(lambda: bool(sandbox.sent))
            monkeypatch.setattr(quick, "write_end", unreachable)
        assert not runs.running
        with pytest.raises(NotReady, match="stopping"):
            runs.require_room(acme.id)
        while not await service.recover(deps.works):  # noqa: ASYNC110 the lock is free once the server notices
            await asyncio.sleep(0.05)
    ended = await service.read_execution(deps.works, acme.agent, started.id)
    assert ended.outcome == "worker_lost"
    assert actions(await log.of(started.id)) == ["execution.start", "execution.end"]


async def test_a_process_that_lost_its_lock_starts_nothing_until_it_holds_it_again(
    runs: Runs, acme: Tenant, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner_module, "_RETRY_SECONDS", 5.0)
    assert runs.owner.held
    await lose_owner(server, runs.owner.id)
    await until(lambda: not runs.owner.held)
    with pytest.raises(NotReady):
        await run(runs, acme.agent)
    await until(lambda: runs.owner.held, seconds=60)
    assert (await run(runs, acme.agent)).outcome == "ok"


async def test_a_process_holds_its_lock_for_as_long_as_it_lives(deps: Deps, urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.system)
    try:
        async with service.serving(deps, urls.app) as runs:
            key = lock_key(runs.owner.id)
            assert not await connection.fetchval("select pg_try_advisory_lock($1)", key)
        async with asyncio.timeout(20):
            await connection.execute("select pg_advisory_lock($1)", key)
    finally:
        await connection.close()


async def test_outputs_and_logs_are_forgotten_after_thirty_days_and_executions_later(
    runs: Runs, deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    old, kept = await run(runs, acme.agent), await run(runs, acme.agent)
    connection = await asyncpg.connect(urls.owner)
    try:
        await age(connection, old.id, timedelta(days=31))
        assert await service.forget_old(deps.works) == 1
        assert await service.forget_old(deps.works) == 0
        forgotten = await service.read_execution(deps.works, acme.agent, old.id)
        assert forgotten.output is None
        assert forgotten.usage is not None
        assert (await service.read_log(runs, acme.agent, TRACE, old.id))[1] == []
        assert (await service.read_log(runs, acme.agent, TRACE, kept.id))[1] != []
        await age(connection, old.id, timedelta(days=401))
        assert await service.forget_old(deps.works) == 1
        assert await connection.fetchval("select count(*) from executions") == 1
    finally:
        await connection.close()


async def age(connection: asyncpg.Connection, id: object, days: timedelta) -> None:
    await connection.execute(
        "update executions set started_at = now() - $2::interval, ended_at = now() - $2::interval"
        " where id = $1",
        id,
        days,
    )
