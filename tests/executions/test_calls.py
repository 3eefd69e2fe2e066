"""Plugins that call plugins: from request to record, on a real sandbox host with two workers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.executions import service
from aei_marketplace.executions.rules.calls import left_of, model_tokens, outcome_code
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service import Runs
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.installations import service as installations
from aei_protocol.limits import Limits
from aei_protocol.messages import PluginWanted, Usage
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from tests.builders import Tenant, make_tenant
from tests.executions.conftest import TRACE, Log, actions, run, until, wanted
from tests.executions.real import install_guest, real_sandbox
from tests.sandbox.guests import calling, echo, endless


@pytest.fixture
async def sandbox(works: Works, tmp_path: Path) -> AsyncIterator[SandboxClient]:
    async with real_sandbox(works, tmp_path) as client:
        yield client


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


async def chained(deps: Deps, tenant: Tenant, plugin: str, calls: str | None, needs: str = "^1.0.0") -> None:
    """Install a plugin that calls another one with its own task; without one it returns it."""
    component = echo() if calls is None else calling(calls)
    manifest = {} if calls is None else {"dependencies": {calls: needs}}
    await install_guest(deps, tenant.manager, tenant.admin, plugin, component, manifest)


async def all_of(deps: Deps, tenant: Tenant) -> list[Execution]:
    """The tenant's executions, oldest first."""
    async with deps.works.begin(tenant.admin) as work:
        return (await service.list_executions(work, PageWanted())).items[::-1]


def said(execution: Execution) -> dict[str, Any]:
    """The typed error with which a guest ended that passes on what it hears."""
    document: dict[str, Any] = json.loads(execution.problem or "")
    return document


async def test_a_called_plugin_is_an_execution_of_its_own_for_the_same_actor(
    runs: Runs, deps: Deps, acme: Tenant, log: Log
) -> None:
    await chained(deps, acme, "acme.echo", None)
    await chained(deps, acme, "acme.calls", "acme.echo")
    parent = await run(runs, acme.agent, b'{"task": {"n": 1}}', "acme.calls")
    assert (parent.outcome, parent.output) == ("ok", b'{"n": 1}')
    first, child = await all_of(deps, acme)
    assert first == parent
    assert (child.parent_id, child.depth, child.mode, child.outcome) == (parent.id, 1, "call", "ok")
    assert child.actor_id == acme.agent.id
    entries = await log.of(child.id)
    assert actions(entries) == ["execution.start", "execution.end"]
    assert entries[0]["context"]["called_by"] == str(parent.id)  # type: ignore[index]
    assert all(entry["trace_id"] == TRACE for entry in entries)
    used, childs = json.loads(parent.usage or ""), json.loads(child.usage or "")
    assert used["cpu_ms"] >= childs["cpu_ms"]
    assert json.loads(parent.permissions or "")["used"] == ["plugins"]
    assert json.loads(child.limits)["wall_ms"] <= json.loads(parent.limits)["wall_ms"]


async def test_a_circle_is_refused_where_it_closes_and_recorded_as_denied(
    runs: Runs, deps: Deps, acme: Tenant, log: Log
) -> None:
    await chained(deps, acme, "acme.one", "acme.two")
    await chained(deps, acme, "acme.two", "acme.one")
    one = await run(runs, acme.agent, plugin="acme.one")
    two = (await all_of(deps, acme))[1]
    assert (one.outcome, two.outcome) == ("guest_error", "denied")
    assert len(await all_of(deps, acme)) == 2
    assert said(two)["code"] == "denied"
    denials = [e for e in await log.of(two.id) if e["action"] == "permission.denied"]
    assert [e["context"]["target"] for e in denials] == ["acme.one"]  # type: ignore[index]
    assert (await run(runs, acme.agent, plugin="acme.two")).outcome == "guest_error"


async def test_calls_nest_four_deep_and_no_deeper(runs: Runs, deps: Deps, acme: Tenant) -> None:
    for number in range(5):
        await chained(deps, acme, f"acme.p{number}", f"acme.p{number + 1}")
    await chained(deps, acme, "acme.p5", None)
    within = await run(runs, acme.agent, b'{"task": [4]}', "acme.p1")
    assert (within.outcome, within.output) == ("ok", b"[4]")
    assert [e.depth for e in await all_of(deps, acme)] == [0, 1, 2, 3, 4]
    beyond = await run(runs, acme.agent, b'{"task": [5]}', "acme.p0")
    assert beyond.outcome == "guest_error"
    assert [e.depth for e in (await all_of(deps, acme))[5:]] == [0, 1, 2, 3, 4]


async def test_a_plugin_that_only_another_tenant_has_installed_is_not_called(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    globex = await make_tenant(deps.works, "globex")
    await chained(deps, globex, "globex.echo", None)
    await chained(deps, acme, "acme.calls", "globex.echo")
    parent = await run(runs, acme.agent, plugin="acme.calls")
    assert (parent.outcome, said(parent)["code"]) == ("guest_error", "failed")
    assert "not installed" in said(parent)["message"]
    assert await all_of(deps, globex) == []


async def test_a_plugin_that_the_manifest_does_not_name_is_denied(
    runs: Runs, deps: Deps, acme: Tenant, log: Log
) -> None:
    await chained(deps, acme, "acme.echo", None)
    manifest = {"dependencies": {"acme.other": "*"}}
    await install_guest(deps, acme.manager, acme.admin, "acme.sly", calling("acme.echo"), manifest)
    sly = await run(runs, acme.agent, plugin="acme.sly")
    assert sly.outcome == "denied"
    assert actions(await log.of(sly.id)) == ["execution.start", "execution.end", "permission.denied"]
    assert len(await all_of(deps, acme)) == 1


async def test_another_version_than_the_manifest_asks_for_is_not_called(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    await chained(deps, acme, "acme.echo", None)
    await chained(deps, acme, "acme.calls", "acme.echo", needs="^2.0.0")
    parent = await run(runs, acme.agent, plugin="acme.calls")
    assert said(parent)["code"] == "failed"
    assert "^2.0.0" in said(parent)["message"]
    assert len(await all_of(deps, acme)) == 1


async def test_a_disabled_installation_is_not_called(runs: Runs, deps: Deps, acme: Tenant) -> None:
    await chained(deps, acme, "acme.echo", None)
    await chained(deps, acme, "acme.calls", "acme.echo")
    async with deps.works.begin(acme.admin) as work:
        await installations.toggle(work, "acme.echo", enabled=False)
    parent = await run(runs, acme.agent, plugin="acme.calls")
    assert said(parent)["code"] == "failed"
    assert "disabled" in said(parent)["message"]


async def test_a_task_that_the_called_plugin_does_not_take_is_invalid(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    schema = {"input_schema": {"type": "object", "required": ["text"]}}
    await install_guest(deps, acme.manager, acme.admin, "acme.echo", echo(), schema)
    await chained(deps, acme, "acme.calls", "acme.echo")
    parent = await run(runs, acme.agent, b'{"task": {"n": 1}}', "acme.calls")
    assert said(parent)["code"] == "invalid"
    assert "text" in said(parent)["message"]


async def test_a_called_plugin_gets_what_is_left_of_its_callers_budget_and_no_more(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    greedy = {"limits": {"cpu_ms": 30_000, "wall_ms": 60_000}}
    await install_guest(deps, acme.manager, acme.admin, "acme.endless", endless(), greedy)
    manifest = {"dependencies": {"acme.endless": "*"}, "limits": {"cpu_ms": 400, "wall_ms": 30_000}}
    await install_guest(deps, acme.manager, acme.admin, "acme.calls", calling("acme.endless"), manifest)
    parent = await run(runs, acme.agent, plugin="acme.calls")
    child = (await all_of(deps, acme))[1]
    assert child.outcome == "cpu_limit"
    assert json.loads(child.limits)["cpu_ms"] <= 400
    assert parent.outcome in ("guest_error", "cpu_limit")
    if parent.outcome == "guest_error":
        assert said(parent)["code"] == "budget"
    assert json.loads(parent.usage or "")["cpu_ms"] >= json.loads(child.usage or "")["cpu_ms"]


async def test_a_caller_that_is_ended_takes_what_it_called_with_it(
    runs: Runs, deps: Deps, acme: Tenant, log: Log
) -> None:
    long = {"limits": {"cpu_ms": 60_000, "wall_ms": 120_000}}
    await install_guest(deps, acme.manager, acme.admin, "acme.endless", endless(), long)
    manifest = {"dependencies": {"acme.endless": "*"}, **long}
    await install_guest(deps, acme.manager, acme.admin, "acme.calls", calling("acme.endless"), manifest)
    started = await service.execute_later(runs, acme.agent, TRACE, "acme.calls", wanted())
    await until(lambda: len(runs.running) == 2)
    (child,) = set(runs.running) - {started.id}
    await asyncio.wait_for(asyncio.shield(runs.running[child].started), 60)
    await service.cancel(runs, acme.agent, started.id)
    await until(lambda: not runs.running)
    assert [e.outcome for e in await all_of(deps, acme)] == ["cancelled", "cancelled"]
    for id in (started.id, child):
        assert actions(await log.of(id)) == ["execution.start", "execution.end"]


async def test_callers_of_one_tenant_that_take_every_worker_all_come_to_their_end(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    await chained(deps, acme, "acme.echo", None)
    manifest = {"dependencies": {"acme.echo": "*"}, "limits": {"wall_ms": 60_000}}
    await install_guest(deps, acme.manager, acme.admin, "acme.calls", calling("acme.echo"), manifest)
    async with asyncio.timeout(60):
        ends = await asyncio.gather(*(run(runs, acme.agent, plugin="acme.calls") for _ in range(8)))
    assert {e.outcome for e in ends} == {"ok"}
    assert len(await all_of(deps, acme)) == 16


async def test_who_started_the_chain_sees_its_executions_and_another_tenant_none(
    runs: Runs, deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    await chained(deps, acme, "acme.echo", None)
    await chained(deps, acme, "acme.calls", "acme.echo")
    await run(runs, acme.agent, plugin="acme.calls")
    globex = await make_tenant(deps.works, "globex")
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(globex.id))
        assert await connection.fetch("select * from executions where parent_id is not null") == []
    finally:
        await connection.close()
    async with deps.works.begin(acme.agent) as work:
        assert (await service.list_executions(work, PageWanted())).total == 2


def call(**left: int) -> PluginWanted:
    values = {"cpu_ms_left": 100, "wall_ms_left": 100, "host_calls_left": 10, "bytes_out_left": 10}
    return PluginWanted(1, str(UUID(int=1)), "t", "a.b", "{}", **{**values, "tokens_left": 50, **left})


def test_what_the_host_says_can_only_lower_what_is_left() -> None:
    limits = Limits(cpu_ms=1_000, wall_ms=1_000, host_calls=20, bytes_out=100)
    assert left_of(limits, Usage(), call()) == {
        "cpu_ms": 100,
        "wall_ms": 100,
        "host_calls": 10,
        "bytes_out": 10,
    }
    called = Usage(cpu_ms=950.5, wall_ms=10, host_calls=15, bytes_out=95)
    assert left_of(limits, called, call(cpu_ms_left=1_000)) == {
        "cpu_ms": 49,
        "wall_ms": 100,
        "host_calls": 5,
        "bytes_out": 5,
    }


@pytest.mark.parametrize("part", ["cpu_ms_left", "wall_ms_left", "host_calls_left", "bytes_out_left"])
def test_nothing_is_left_once_one_part_is_used_up(part: str) -> None:
    assert left_of(Limits(), Usage(), call(**{part: 0})) is None


def test_tokens_are_shared_where_the_caller_has_any() -> None:
    assert model_tokens(Capabilities(), Usage(), call()) is None
    held = Capabilities(max_tokens=100)
    assert model_tokens(held, Usage(), call()) == 50
    assert model_tokens(held, Usage(tokens=80), call()) == 20
    assert model_tokens(held, Usage(tokens=180), call()) == 0


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.OK])
def test_a_caller_hears_budget_exactly_when_a_shared_limit_ended_the_called(outcome: Outcome) -> None:
    shared = {Outcome.CPU_LIMIT, Outcome.WALL_LIMIT, Outcome.HOST_CALL_LIMIT}
    assert outcome_code(outcome) == ("budget" if outcome in shared else "failed")
