"""Executions in the real sandbox: from an installed component to a recorded end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.catalog import service as catalog
from aei_marketplace.executions import service
from aei_marketplace.executions.service import Runs
from aei_marketplace.ground.deps import Deps
from tests.adapters.sandbox_hosts import NoModels, Secrets, real_host
from tests.builders import Tenant, make_staff, make_tenant
from tests.executions.conftest import TRACE, Log, actions, run, until, wanted
from tests.packages import component_wat
from tests.plugins import install, publish

GUESTS = {
    "acme.echo": component_wat('{"said":"echo"}'),
    "acme.trap": component_wat(body="unreachable"),
    "acme.loop": component_wat(body="(loop (br 0))"),
}


@pytest.fixture
async def real(deps: Deps, tmp_path: Path) -> AsyncIterator[tuple[Deps, asyncio.subprocess.Process]]:
    """Dependencies with a real sandbox host of their own."""
    async with real_host(tmp_path) as process:
        client = SandboxClient(tmp_path / "s", Secrets(), NoModels())
        yield replace(deps, sandbox=client), process
        await client.close()


@pytest.fixture
async def tenant(real: tuple[Deps, asyncio.subprocess.Process]) -> Tenant:
    """A tenant with each of the guests installed."""
    deps, _ = real
    tenant = await make_tenant(deps.works, "acme")
    for plugin_id, wat in GUESTS.items():
        await publish(deps, tenant.manager, {"id": plugin_id}, wat=wat)
        assert (await install(deps, tenant.admin, plugin_id)).state == "succeeded"
    return tenant


@pytest.fixture
async def runs(real: tuple[Deps, asyncio.subprocess.Process], urls: DatabaseUrls) -> AsyncIterator[Runs]:
    async with service.serving(real[0], urls.app) as runs:
        yield runs


async def test_guests_end_as_what_they_are(runs: Runs, tenant: Tenant, log: Log) -> None:
    echoed = await run(runs, tenant.agent)
    assert (echoed.outcome, echoed.output) == ("ok", b'{"said":"echo"}')
    assert "seccomp" in echoed.walls
    assert (await run(runs, tenant.agent, plugin="acme.trap")).outcome == "trap"
    body = b'{"task": {}, "limits": {"cpu_ms": 200, "wall_ms": 4000}}'
    looped = await run(runs, tenant.agent, body, plugin="acme.loop")
    assert looped.outcome == "cpu_limit"
    assert actions(await log.of(looped.id)) == ["execution.start", "execution.end"]


async def test_a_running_guest_is_cancelled(runs: Runs, tenant: Tenant) -> None:
    body = b'{"task": {}, "limits": {"cpu_ms": 60000}}'
    started = await service.execute_later(runs, tenant.agent, TRACE, "acme.loop", wanted(body))
    await service.cancel(runs, tenant.agent, started.id)
    await until(lambda: not runs.running, seconds=30)
    ended = await service.read_execution(runs.deps.works, tenant.agent, started.id)
    assert ended.outcome in ("cancelled", "cpu_limit")


async def test_a_guest_of_a_blocked_release_is_ended_while_it_runs(runs: Runs, tenant: Tenant) -> None:
    body = b'{"task": {}, "limits": {"cpu_ms": 60000, "wall_ms": 60000}}'
    started = await service.execute_later(runs, tenant.agent, TRACE, "acme.loop", wanted(body))
    operator, _ = await make_staff(runs.deps.works, "Operator")
    async with runs.deps.works.begin(operator) as work:
        blocked = catalog.ReleaseState.BLOCKED
        await catalog.change_state(work, "acme.loop", "1.0.0", blocked, "spends all there is")
    await until(lambda: not runs.running, seconds=30)
    ended = await service.read_execution(runs.deps.works, tenant.agent, started.id)
    assert ended.outcome in ("cancelled", "cpu_limit")
    if ended.outcome == "cancelled":
        assert "spends all there is" in str(ended.problem)


async def test_a_killed_host_ends_what_it_ran_as_lost_once(
    runs: Runs, real: tuple[Deps, asyncio.subprocess.Process], tenant: Tenant, log: Log
) -> None:
    _, process = real
    started = await service.execute_later(runs, tenant.agent, TRACE, "acme.loop", wanted())
    await asyncio.sleep(0.2)
    process.kill()
    await until(lambda: not runs.running, seconds=30)
    ended = await service.read_execution(runs.deps.works, tenant.agent, started.id)
    assert ended.outcome == "worker_lost"
    assert actions(await log.of(started.id)) == ["execution.start", "execution.end"]
