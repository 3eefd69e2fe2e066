"""What happens to executions whose process is gone, and what is forgotten with time."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.executions import service
from aei_marketplace.executions.errors import NotReady
from aei_marketplace.executions.service import Runs
from aei_marketplace.executions.service import owner as owner_module
from aei_marketplace.executions.service.owner import lock_key
from aei_marketplace.ground.deps import Deps
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
