"""A caller ends while another plugin works for it: wherever that one stands, both end and nothing is left.

The sandbox is a stand-in that carries calls out, so that each order is made to happen and none is waited for.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from aei_marketplace.executions import service
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service import Runs, calling
from aei_marketplace.executions.store import quick
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.ports import Listener, SandboxGone
from aei_protocol.messages import Ended, Execute, PluginWanted
from aei_protocol.outcomes import Outcome
from tests.builders import Tenant, make_tenant
from tests.executions.conftest import TRACE, Log, actions, until, wanted
from tests.executions.real import install_guest
from tests.fakes import FakeSandbox, ended
from tests.sandbox.guests import calling as calling_guest
from tests.sandbox.guests import echo


class CallingSandbox(FakeSandbox):
    """Its guests of `acme.calls` call `acme.echo`, and wait for the answer until somebody ends them."""

    async def execute(self, task: Execute, listener: Listener) -> Ended:
        if task.plugin != "acme.calls":
            return await super().execute(task, listener)
        stopped = self._running[task.id] = asyncio.get_running_loop().create_future()
        call = PluginWanted(1, task.id, task.tenant, "acme.echo", "{}", 1_000, 5_000, 100, 1_000, 0)
        asking = asyncio.ensure_future(listener.call_plugin(call))
        try:
            await asyncio.wait((stopped, asking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.cancel()
            del self._running[task.id]
        if stopped.done() and stopped.result() == "gone":
            raise SandboxGone("the connection to the sandbox host broke")
        return ended(task, Outcome.CANCELLED if stopped.done() else Outcome.OK)


class Gate:
    """Holds the called execution where it passes here first."""

    def __init__(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def pass_through(self) -> None:
        self.reached.set()
        await self.opened.wait()

    def before(self, whole: Callable[..., Any], theirs: Callable[..., bool]) -> Callable[..., Any]:
        """The function, held before it does anything for the called one."""

        async def held(*given: Any, **more: Any) -> Any:
            if theirs(*given, **more):
                await self.pass_through()
            return await whole(*given, **more)

        return held


@pytest.fixture
def sandbox() -> CallingSandbox:
    return CallingSandbox()


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    """A tenant with a plugin that calls another one."""
    tenant = await make_tenant(deps.works, "acme")
    await install_guest(deps, tenant.manager, tenant.admin, "acme.echo", echo())
    manifest = {"dependencies": {"acme.echo": "*"}}
    await install_guest(
        deps, tenant.manager, tenant.admin, "acme.calls", calling_guest("acme.echo"), manifest
    )
    return tenant


def hold_while_decided(gate: Gate, patch: pytest.MonkeyPatch, _: FakeSandbox) -> None:
    patch.setattr(calling, "find_installed", gate.before(calling.find_installed, lambda *_: True))


def hold_while_started(gate: Gate, patch: pytest.MonkeyPatch, _: FakeSandbox) -> None:
    is_called = lambda _, start, *__: start.parent_id is not None  # noqa: E731 one word
    patch.setattr(quick, "write_start", gate.before(quick.write_start, is_called))


def hold_while_handed_over(gate: Gate, patch: pytest.MonkeyPatch, sandbox: FakeSandbox) -> None:
    sandbox.prepared = set()
    patch.setattr(sandbox, "prepare", gate.before(sandbox.prepare, lambda *_: True))


def hold_in_its_guest(gate: Gate, patch: pytest.MonkeyPatch, sandbox: FakeSandbox) -> None:
    sandbox.hold = gate.opened
    wait = sandbox._wait

    async def waiting(task: Execute) -> str:
        gate.reached.set()
        return await wait(task)

    patch.setattr(sandbox, "_wait", waiting)


def hold_while_its_end_is_recorded(gate: Gate, patch: pytest.MonkeyPatch, _: FakeSandbox) -> None:
    is_called = lambda _, start, *__: start.parent_id is not None  # noqa: E731 one word
    patch.setattr(quick, "write_end", gate.before(quick.write_end, is_called))


async def all_of(deps: Deps, tenant: Tenant) -> list[Execution]:
    async with deps.works.begin(tenant.admin) as work:
        return (await service.list_executions(work, PageWanted())).items[::-1]


@asynccontextmanager
async def caller_at(runs: Runs, acme: Tenant, gate: Gate) -> AsyncIterator[UUID]:
    """A caller whose called one is held at the gate; afterwards nothing of them may be left."""
    started = await service.execute_later(runs, acme.agent, TRACE, "acme.calls", wanted())
    async with asyncio.timeout(60):
        await gate.reached.wait()
    yield started.id
    await until(lambda: started.id not in runs.running)
    gate.opened.set()
    await until(lambda: not runs.running)
    assert not any((runs.turns._taken, runs.turns._waiting, runs._of_tenant))


@pytest.mark.parametrize(
    ("hold", "outcomes"),
    [
        (hold_while_decided, ["cancelled"]),
        (hold_while_started, ["cancelled", "cancelled"]),
        (hold_while_handed_over, ["cancelled", "cancelled"]),
        (hold_in_its_guest, ["cancelled", "cancelled"]),
        (hold_while_its_end_is_recorded, ["cancelled", "ok"]),
    ],
)
async def test_a_caller_that_is_cancelled_takes_what_it_called_with_it_wherever_that_is(
    runs: Runs,
    deps: Deps,
    acme: Tenant,
    sandbox: CallingSandbox,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    hold: Callable[[Gate, pytest.MonkeyPatch, FakeSandbox], None],
    outcomes: list[str],
) -> None:
    gate = Gate()
    hold(gate, monkeypatch, sandbox)
    async with caller_at(runs, acme, gate) as caller:
        await service.cancel(runs, acme.agent, caller)
    found = await all_of(deps, acme)
    assert [e.outcome for e in found] == outcomes
    for execution in found:
        assert actions(await log.of(execution.id)) == ["execution.start", "execution.end"]


async def test_a_host_that_dies_during_a_call_ends_both_and_neither_is_sent_again(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: CallingSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    hold_in_its_guest(gate, monkeypatch, sandbox)
    async with caller_at(runs, acme, gate):
        sandbox.break_off()
    assert [e.outcome for e in await all_of(deps, acme)] == ["worker_lost", "worker_lost"]
    assert len(sandbox.sent) == 1
