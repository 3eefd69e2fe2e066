"""The registry stops a release: what runs of it ends, in every process, with the reason."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import jobs as catalog_jobs
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.executions import service
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service import Runs
from aei_marketplace.executions.service import stopping as stopping_service
from aei_marketplace.executions.service.stopping import end_stopped
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.relay import relay
from tests.builders import Tenant, make_staff
from tests.executions.conftest import TRACE, Log, actions, run, until, wanted
from tests.fakes import FakeSandbox

S = ReleaseState


@pytest.fixture
async def operator(deps: Deps) -> Actor:
    actor, _ = await make_staff(deps.works, "Operator")
    return actor


async def move(deps: Deps, actor: Actor, state: ReleaseState, reason: str | None = "steals keys") -> None:
    async with deps.works.begin(actor) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", state, reason)


async def begin(runs: Runs, tenant: Tenant, sandbox: FakeSandbox) -> Execution:
    """An execution that goes on until somebody ends it."""
    sandbox.hold = asyncio.Event()
    started = await service.execute_later(runs, tenant.agent, TRACE, "acme.echo", wanted())
    await until(lambda: bool(sandbox.sent))
    return started


@pytest.mark.parametrize("state", [S.QUARANTINED, S.BLOCKED, S.REMOVED])
async def test_what_runs_of_a_stopped_release_ends_as_cancelled_with_the_reason(
    deps: Deps,
    runs: Runs,
    acme: Tenant,
    operator: Actor,
    sandbox: FakeSandbox,
    log: Log,
    state: ReleaseState,
) -> None:
    started = await begin(runs, acme, sandbox)
    await move(deps, operator, state)
    await until(lambda: not runs.running)
    ended = await service.read_execution(deps.works, acme.agent, started.id)
    assert ended.outcome == "cancelled"
    assert ended.problem == f"the registry has stopped acme.echo 1.0.0 ({state}: steals keys)"
    assert actions(await log.of(started.id)) == ["execution.start", "execution.end"]


@pytest.mark.parametrize("state", [S.DEPRECATED, S.YANKED])
async def test_what_runs_of_a_deprecated_or_yanked_release_goes_on(
    deps: Deps, runs: Runs, acme: Tenant, sandbox: FakeSandbox, state: ReleaseState
) -> None:
    started = await begin(runs, acme, sandbox)
    await move(deps, acme.manager, state)
    assert await end_stopped(runs) == 0
    assert sandbox.hold is not None
    sandbox.hold.set()
    await until(lambda: not runs.running)
    assert (await service.read_execution(deps.works, acme.agent, started.id)).outcome == "ok"


async def test_what_runs_in_a_closed_tenant_ends_and_the_same_release_elsewhere_goes_on(
    deps: Deps, runs: Runs, acme: Tenant, operator: Actor, sandbox: FakeSandbox
) -> None:
    started = await begin(runs, acme, sandbox)
    async with deps.works.begin(operator) as work:
        other = await accounts.create_tenant(work, "bystander", "Bystander")
        await accounts.close_tenant(work, other, "never used")
    assert await end_stopped(runs) == 0
    async with deps.works.begin(operator) as work:
        await accounts.reopen_tenant(work, other)
        await accounts.close_tenant(work, acme.id, "they left")
    await until(lambda: not runs.running)
    async with deps.works.system("tests") as work:
        row = (
            await work.run(text("select outcome, problem from executions where id = :id"), {"id": started.id})
        ).one()
    assert (row.outcome, row.problem) == ("cancelled", "the tenant was closed")


async def test_the_word_of_a_stop_reaches_every_process_without_waiting_for_its_next_look(
    deps: Deps,
    urls: DatabaseUrls,
    acme: Tenant,
    operator: Actor,
    sandbox: FakeSandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stopping_service, "LOOK_SECONDS", 3600)
    listening = asyncio.create_task(relay(urls.app, deps.live, catalog_jobs.NEWS))
    try:
        async with (
            service.serving(deps, urls.app) as one,
            service.serving(deps, urls.app) as other,
        ):
            await _until_heard(deps.live, operator, deps)
            for runs in (one, other):
                await begin(runs, acme, sandbox)
            await move(deps, operator, S.BLOCKED)
            await until(lambda: not one.running and not other.running)
    finally:
        listening.cancel()
    assert len(sandbox.sent) == 2


async def _until_heard(live: Live, operator: Actor, deps: Deps) -> None:
    """The connection that listens stands once a stop of something that runs nowhere has come through."""
    with live.listen(catalog.STOPPED_NOW) as queue:
        await move(deps, operator, S.QUARANTINED)
        while queue.empty():
            await move(deps, operator, S.LISTED, None)
            await move(deps, operator, S.QUARANTINED)
            await asyncio.sleep(0.05)
    await move(deps, operator, S.LISTED, None)


async def test_after_a_quarantine_is_lifted_the_installation_runs_again(
    deps: Deps, runs: Runs, acme: Tenant, operator: Actor, sandbox: FakeSandbox
) -> None:
    await begin(runs, acme, sandbox)
    await move(deps, operator, S.QUARANTINED)
    await until(lambda: not runs.running)
    sandbox.hold = None
    await move(deps, operator, S.LISTED, None)
    assert (await run(runs, acme.agent)).outcome == "ok"


async def test_a_stop_is_carried_out_at_the_next_look_whatever_went_wrong_before(
    deps: Deps,
    runs: Runs,
    acme: Tenant,
    operator: Actor,
    sandbox: FakeSandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await begin(runs, acme, sandbox)
    cancel, asked = sandbox.cancel, 0

    async def broken_once(execution: str) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise asyncpg.CannotConnectNowError("the database system is starting up")
        await cancel(execution)

    monkeypatch.setattr(sandbox, "cancel", broken_once)
    await move(deps, operator, S.QUARANTINED)
    await until(lambda: not runs.running)
    assert asked > 1


async def test_what_ended_by_itself_keeps_its_own_outcome(
    deps: Deps, runs: Runs, acme: Tenant, operator: Actor, sandbox: FakeSandbox
) -> None:
    started = await begin(runs, acme, sandbox)
    only_run = runs.running[started.id]
    only_run.stopped = "the registry has stopped it"
    assert sandbox.hold is not None
    sandbox.hold.set()
    await until(lambda: not runs.running)
    ended = await service.read_execution(deps.works, acme.agent, started.id)
    assert (ended.outcome, ended.problem) == ("ok", None)
