"""Executions from start to end, with a sandbox whose answers the test decides."""

import asyncio
import hashlib

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.executions import service
from aei_marketplace.executions.errors import (
    InstallationDisabled,
    NeverStarted,
    NotAdmitted,
    NotInstalled,
    QueueFull,
    TaskTooLarge,
    TooManyRunning,
)
from aei_marketplace.executions.service import Runs
from aei_marketplace.executions.service import runs as runs_module
from aei_marketplace.executions.service.run import topic
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.installations import service as installations
from aei_protocol.messages import Denial, Ended
from aei_protocol.outcomes import Outcome
from tests.builders import Tenant, make_staff, make_tenant
from tests.executions.conftest import TRACE, Log, actions, run, until, wanted
from tests.fakes import FakeSandbox, ended


async def test_an_execution_has_one_start_and_one_end_entry_with_the_digest_of_its_usage(
    runs: Runs, acme: Tenant, log: Log
) -> None:
    execution = await run(runs, acme.agent, b'{"task": {"text": "hello"}}')
    entries = await log.of(execution.id)
    assert actions(entries) == ["execution.start", "execution.end"]
    assert entries[1]["outcome"] == "ok"
    assert execution.usage is not None
    digest = hashlib.sha256(execution.usage.encode()).hexdigest()
    assert entries[1]["context"]["usage_sha256"] == digest  # type: ignore[index]
    assert all(e["trace_id"] == TRACE and e["tenant"] == str(acme.id) for e in entries)


async def test_what_is_answered_is_what_was_recorded(runs: Runs, deps: Deps, acme: Tenant) -> None:
    answered = await run(runs, acme.agent, b'{"task": {"n": 1.5}}')
    recorded = await service.read_execution(deps.works, acme.agent, answered.id)
    assert recorded == answered
    assert answered.shape()["outcome"] == "ok"
    assert bytes(answered.shape()["output"]) == b'{"n": 1.5}'


async def test_the_log_and_the_last_progress_are_kept(runs: Runs, acme: Tenant) -> None:
    execution = await run(runs, acme.agent)
    _, lines = await service.read_log(runs, acme.agent, TRACE, execution.id)
    assert lines == [{"at_ms": 1, "level": "info", "message": "working"}]


async def test_a_lost_host_ends_the_execution_once_as_worker_lost_and_nothing_is_sent_again(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    sandbox.hold = asyncio.Event()
    running = asyncio.create_task(run(runs, acme.agent))
    await until(lambda: bool(sandbox.sent))
    sandbox.break_off()
    execution = await running
    assert execution.outcome == "worker_lost"
    assert len(sandbox.sent) == 1
    assert actions(await log.of(execution.id)) == ["execution.start", "execution.end"]
    sandbox.hold = None
    assert (await run(runs, acme.agent)).outcome == "ok"


@pytest.mark.parametrize(
    ("code", "refusal", "status"), [("busy", QueueFull, 429), ("no_walls", NeverStarted, 503)]
)
async def test_what_the_host_refuses_is_recorded_and_said_to_have_never_started(
    runs: Runs,
    deps: Deps,
    acme: Tenant,
    sandbox: FakeSandbox,
    log: Log,
    code: str,
    refusal: type[Refusal],
    status: int,
) -> None:
    sandbox.refuse = (code, "it says why")
    with pytest.raises(refusal, match="nothing ran: it says why") as refused:
        await run(runs, acme.agent)
    assert refused.value.status == status
    assert "Retry-After" in refused.value.headers
    async with deps.works.begin(acme.agent) as work:
        page = await service.list_executions(work, PageWanted())
    assert [e.outcome for e in page.items] == ["worker_lost"]
    assert actions(await log.of(page.items[0].id)) == ["execution.start", "execution.end"]


async def test_a_component_that_the_host_lacks_is_handed_over_and_the_task_sent_then(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.prepared = set()
    assert (await run(runs, acme.agent)).outcome == "ok"
    assert len(sandbox.sent) == 1
    assert sandbox.prepared == {sandbox.sent[0].component}


async def test_the_execution_goes_on_and_is_recorded_when_the_caller_leaves(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    sandbox.hold = asyncio.Event()
    caller = asyncio.create_task(run(runs, acme.agent))
    await until(lambda: bool(sandbox.sent))
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    (id,) = runs.running
    sandbox.hold.set()
    await until(lambda: not runs.running)
    assert (await service.read_execution(deps.works, acme.agent, id)).outcome == "ok"
    assert actions(await log.of(id)) == ["execution.start", "execution.end"]


async def test_denied_calls_become_one_entry_for_each_target_and_one_for_the_rest(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    denied = tuple(Denial("network", f"host{n}.example", n + 1) for n in range(22))
    sandbox.guest = lambda _, task, __: ended(
        task, Outcome.OK, output="null", used=("network",), denied=denied, more_denied=5
    )
    execution = await run(runs, acme.agent)
    entries = [e for e in await log.of(execution.id) if e["action"] == "permission.denied"]
    assert len(entries) == 21
    assert entries[-1]["context"]["count"] == 5 + 21 + 22  # type: ignore[index]
    assert {e["outcome"] for e in entries} == {"denied"}


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.OK])
async def test_every_outcome_is_recorded_as_what_it_is(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox, log: Log, outcome: Outcome
) -> None:
    sandbox.guest = lambda _, task, __: ended(task, outcome, problem="it went\x00 wrong")
    execution = await run(runs, acme.agent)
    assert execution.outcome == outcome
    assert execution.problem == "it went\N{REPLACEMENT CHARACTER} wrong"
    assert (await log.of(execution.id))[-1]["outcome"] == outcome


async def test_a_guest_holds_what_was_requested_and_granted_and_no_more(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox
) -> None:
    await run(runs, acme.agent)
    assert sandbox.sent[-1].capabilities.as_json() == {}
    async with deps.works.begin(acme.admin) as work:
        grants = {"network": {"hosts": ["api.acme.example"]}}
        await installations.change(work, "acme.echo", installations.Change(grants=grants))
    await run(runs, acme.agent)
    assert sandbox.sent[-1].capabilities.as_json() == {"hosts": ["api.acme.example"]}


async def test_limits_are_lowered_by_installation_and_request_and_never_raised(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox
) -> None:
    async with deps.works.begin(acme.admin) as work:
        policy = {"limits": {"wall_ms": 2000, "memory_mib": 4096}}
        await installations.change(work, "acme.echo", installations.Change(policy=policy))
    await run(runs, acme.agent, b'{"task": {}, "limits": {"cpu_ms": 100, "wall_ms": 99999}}')
    limits = sandbox.sent[-1].limits
    assert (limits.cpu_ms, limits.wall_ms, limits.memory_bytes) == (100, 2000, 128 * 1024 * 1024)


@pytest.mark.parametrize("limits", [{"speed": 1}, {"cpu_ms": 0}, {"cpu_ms": -5}])
async def test_limits_that_are_none_are_refused(runs: Runs, acme: Tenant, limits: dict[str, int]) -> None:
    request = wanted()
    request.limits = limits
    with pytest.raises(Invalid):
        await service.execute(runs, acme.agent, TRACE, "acme.echo", request)


async def test_a_plugin_that_is_not_installed_does_not_run(runs: Runs, deps: Deps, acme: Tenant) -> None:
    globex = await make_tenant(deps.works, "globex")
    with pytest.raises(NotInstalled) as refusal:
        await run(runs, globex.admin)
    assert "install" in refusal.value.next_step
    with pytest.raises(NotInstalled):
        await run(runs, acme.agent, plugin="no/such\x00plugin")


async def test_a_disabled_installation_does_not_run_and_what_runs_finishes(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.hold = asyncio.Event()
    running = asyncio.create_task(run(runs, acme.agent))
    await until(lambda: bool(sandbox.sent))
    async with deps.works.begin(acme.admin) as work:
        await installations.toggle(work, "acme.echo", enabled=False)
    with pytest.raises(InstallationDisabled):
        await run(runs, acme.agent)
    sandbox.hold.set()
    assert (await running).outcome == "ok"


async def test_a_quarantined_release_does_not_run(runs: Runs, deps: Deps, acme: Tenant) -> None:
    moderator, _ = await make_staff(deps.works, "Operator")
    async with deps.works.begin(moderator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", catalog.ReleaseState.QUARANTINED, "reported")
    with pytest.raises(NotAdmitted, match="quarantined"):
        await run(runs, acme.agent)


async def test_who_may_not_execute_is_refused(runs: Runs, acme: Tenant) -> None:
    with pytest.raises(MissingAction):
        await run(runs, acme.viewer)


async def test_a_task_beyond_the_input_limit_is_refused(runs: Runs, acme: Tenant) -> None:
    body = b'{"limits": {"input_bytes": 100}, "task": "' + b"x" * 200 + b'"}'
    with pytest.raises(TaskTooLarge):
        await run(runs, acme.agent, body)


async def test_one_tenant_cannot_take_every_place(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_module, "MOST_OF_A_TENANT", 2)
    sandbox.hold = asyncio.Event()
    for _ in range(2):
        await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
    with pytest.raises(TooManyRunning) as refusal:
        await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
    assert refusal.value.headers["Retry-After"] == "1"
    sandbox.hold.set()
    await until(lambda: not runs.running)
    assert (await run(runs, acme.agent)).outcome == "ok"


async def test_a_cancelled_execution_ends_once_as_cancelled(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    sandbox.hold = asyncio.Event()
    started = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
    await until(lambda: bool(sandbox.sent))
    await service.cancel(runs, acme.agent, started.id)
    await until(lambda: not runs.running)
    assert (await service.read_execution(deps.works, acme.agent, started.id)).outcome == "cancelled"
    assert actions(await log.of(started.id)) == ["execution.start", "execution.end"]


async def test_an_end_that_somebody_else_recorded_counts(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox, urls: DatabaseUrls, log: Log
) -> None:
    sandbox.hold = asyncio.Event()
    running = asyncio.create_task(run(runs, acme.agent))
    await until(lambda: bool(sandbox.sent))
    connection = await asyncpg.connect(urls.owner)
    await connection.execute("update executions set ended_at = now(), outcome = 'worker_lost'")
    await connection.close()
    sandbox.hold.set()
    execution = await running
    assert execution.outcome == "worker_lost"
    assert actions(await log.of(execution.id)) == ["execution.start"]


async def test_a_closing_process_ends_what_runs(
    deps: Deps, acme: Tenant, sandbox: FakeSandbox, urls: DatabaseUrls, log: Log
) -> None:
    sandbox.hold = asyncio.Event()
    async with service.serving(deps, urls.app) as runs:
        started = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
        await until(lambda: bool(sandbox.sent))
    assert (await service.read_execution(deps.works, acme.agent, started.id)).outcome == "cancelled"
    assert actions(await log.of(started.id)) == ["execution.start", "execution.end"]


async def test_an_error_of_ours_while_it_runs_is_recorded_as_an_end(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    def break_down(*_: object) -> Ended:
        raise RuntimeError("nobody thought of this")

    sandbox.guest = break_down
    execution = await run(runs, acme.agent)
    assert execution.outcome == "worker_lost"
    assert actions(await log.of(execution.id)) == ["execution.start", "execution.end"]


async def test_an_end_that_the_database_refuses_is_recorded_without_its_words(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    sandbox.guest = lambda _, task, __: ended(task, output="1", walls=("no\x00wall",))
    execution = await run(runs, acme.agent)
    assert (execution.outcome, execution.walls) == ("worker_lost", ())
    assert actions(await log.of(execution.id)) == ["execution.start", "execution.end"]


async def test_a_closing_process_records_what_does_not_stop_in_time(
    deps: Deps,
    acme: Tenant,
    sandbox: FakeSandbox,
    urls: DatabaseUrls,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ignore(_: str) -> None:
        return None

    monkeypatch.setattr(runs_module, "FAREWELL_SECONDS", 0.1)
    monkeypatch.setattr(sandbox, "cancel", ignore)
    sandbox.hold = asyncio.Event()
    async with service.serving(deps, urls.app) as runs:
        started = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
        await until(lambda: bool(sandbox.sent))
    assert (await service.read_execution(deps.works, acme.agent, started.id)).outcome == "worker_lost"
    assert actions(await log.of(started.id)) == ["execution.start", "execution.end"]


async def test_a_follower_that_leaves_is_let_go_and_the_execution_goes_on(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.hold = asyncio.Event()
    started = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
    followers = [asyncio.create_task(collect(runs, acme, started.id)) for _ in range(3)]
    heard = topic(started.id)
    await until(lambda: len(runs.deps.live._listeners.get(heard, ())) == 3)
    for number, follower in enumerate(followers):
        runs.deps.live.say(heard, ("progress", {"fraction": 0.5, "message": ""}))
        for _ in range(number):
            await asyncio.sleep(0)
        follower.cancel()
    await asyncio.wait(followers, timeout=30)
    assert all(follower.cancelled() for follower in followers)
    assert heard not in runs.deps.live._listeners
    sandbox.hold.set()
    await until(lambda: not runs.running)


async def test_followers_hear_what_was_kept_then_news_then_the_end(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.hold = asyncio.Event()
    started = await service.execute_later(runs, acme.agent, TRACE, "acme.echo", wanted())
    early = asyncio.create_task(collect(runs, acme, started.id))
    await asyncio.sleep(0.05)
    sandbox.hold.set()
    assert [kind for kind, _ in await early] == ["progress", "log", "end"]
    late = await collect(runs, acme, started.id)
    assert [kind for kind, _ in late] == ["log", "end"]
    assert late[-1][1].outcome == "ok"


async def collect(runs: Runs, acme: Tenant, id: object) -> list[tuple[str, object]]:
    async with asyncio.timeout(20):
        return [news async for news in service.follow(runs, acme.agent, id) if news]  # type: ignore[arg-type]
