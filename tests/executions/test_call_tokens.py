"""Budgets of tokens over calls, and ends asked for before anything was sent; the sandbox is a fake."""

import asyncio
from typing import Any

import pytest

from aei_marketplace.executions import service
from aei_marketplace.executions.service import Runs
from aei_marketplace.executions.service.calling import call_plugin
from aei_marketplace.executions.service.run import Run
from aei_marketplace.executions.service.starting import decide
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import Listener
from aei_protocol.messages import Ended, Execute, PluginWanted, Usage
from tests.builders import Tenant, make_tenant
from tests.executions.conftest import TRACE, Log, actions, until, wanted
from tests.fakes import FakeSandbox, ended
from tests.plugins import install, publish

MODELS = {"models": {"chat": ["m"], "max_tokens_per_execution": 100, "reason": "asks"}}
GRANTS = {"models": {"chat": ["m"], "max_tokens_per_execution": 100}}


@pytest.fixture
async def acme(deps: Deps, sandbox: FakeSandbox) -> Tenant:
    """A tenant with `acme.asks`, which may spend 100 tokens and spends 40, and two plugins that call it."""
    tenant = await make_tenant(deps.works, "acme")
    needs = {"dependencies": {"acme.asks": "*"}}
    for id, manifest, grants in (
        ("acme.asks", {"permissions": MODELS}, GRANTS),
        ("acme.poor", needs, {}),
        ("acme.rich", {**needs, "permissions": MODELS}, GRANTS),
    ):
        await publish(deps, tenant.manager, {"id": id, **manifest})
        assert (await install(deps, tenant.admin, id, grants=grants)).state == "succeeded"
    sandbox.guest = spending
    return tenant


def spending(_: FakeSandbox, task: Execute, __: Listener) -> Ended:
    return ended(task, output="1", usage=Usage(1.0, 1.0, 1, 1, 1, 1, min(40, task.capabilities.max_tokens)))


def asks(tokens_left: int = 0, **more: Any) -> PluginWanted:
    return PluginWanted(1, "e", "t", "acme.asks", "{}", 1_000, 5_000, 100, 1_000, tokens_left, **more)


async def a_caller(runs: Runs, acme: Tenant, plugin: str) -> Run:
    """A run that waits for what it calls, as far as its budget is concerned."""
    return await decide(runs, acme.agent, TRACE, plugin, wanted())


async def test_a_called_plugins_own_budget_holds_for_all_its_runs_below_one_caller(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox
) -> None:
    caller = await a_caller(runs, acme, "acme.poor")
    spent = [(await call_plugin(runs, caller, asks())).usage.tokens for _ in range(4)]
    assert spent == [40, 40, 20, 0]
    assert [task.capabilities.max_tokens for task in sandbox.sent] == [100, 60, 20, 0]
    other = await a_caller(runs, acme, "acme.poor")
    assert (await call_plugin(runs, other, asks())).usage.tokens == 40


async def test_a_callers_own_budget_is_shared_with_what_it_calls(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox
) -> None:
    caller = await a_caller(runs, acme, "acme.rich")
    for left in (30, 1_000, 1_000):
        await call_plugin(runs, caller, asks(left))
    assert [task.capabilities.max_tokens for task in sandbox.sent] == [30, 70, 30]
    assert caller.called.tokens == 30 + 40 + 30


async def test_no_more_is_run_when_a_part_of_the_budget_is_used_up(
    runs: Runs, acme: Tenant, sandbox: FakeSandbox
) -> None:
    caller = await a_caller(runs, acme, "acme.poor")
    caller.called = Usage(cpu_ms=caller.task.limits.cpu_ms)
    answer = await call_plugin(runs, caller, asks())
    assert (answer.code, answer.output, sandbox.sent) == ("budget", None, [])


async def test_an_end_that_was_asked_for_before_anything_was_sent_is_kept(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    run = await a_caller(runs, acme, "acme.poor")
    carried_out = runs.begin(run)
    await runs.cancel(run.start.id)
    execution = await carried_out
    assert (execution.outcome, sandbox.sent) == ("cancelled", [])
    assert actions(await log.of(execution.id)) == ["execution.start", "execution.end"]


async def test_who_stops_waiting_for_a_called_plugin_ends_it(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.hold = asyncio.Event()
    caller = await a_caller(runs, acme, "acme.poor")
    waiting = asyncio.create_task(call_plugin(runs, caller, asks()))
    await until(lambda: bool(sandbox.sent))
    (child,) = runs.running
    waiting.cancel()
    await until(lambda: not runs.running)
    assert (await service.read_execution(deps.works, acme.agent, child)).outcome == "cancelled"
