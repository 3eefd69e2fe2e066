"""Calls of other plugins through a real host: what is granted, what is shared, and nobody waits for ever."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aei_protocol.interface import ALWAYS
from aei_protocol.limits import Limits
from aei_protocol.messages import Ended, PluginAnswer, PluginWanted, Usage
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox.local import LocalHost
from tests.sandbox.guests import calling, calling_again, echo, endless

INTERFACES = (*ALWAYS, "plugins")
GRANTED = Capabilities(plugins=("acme.echo",))


class Chain:
    """A marketplace that runs every called plugin as a further execution on the same host.

    Args:
        components: by plugin id.
    """

    def __init__(self, **components: bytes) -> None:
        self.components = {name.replace("_", "."): content for name, content in components.items()}
        self.wanted: list[PluginWanted] = []
        self.children: list[Ended] = []
        self.host: LocalHost

    async def answer(self, wanted: PluginWanted) -> PluginAnswer:
        self.wanted.append(wanted)
        limits = Limits(cpu_ms=wanted.cpu_ms_left, wall_ms=wanted.wall_ms_left)
        ended = await self.run(wanted.plugin, wanted.task, parent=wanted.execution, limits=limits)
        self.children.append(ended)
        code = None if ended.output is not None else "failed"
        return PluginAnswer(wanted.call, ended.output, code, ended.problem, ended.usage)

    async def run(self, plugin: str, task: str, **more: Any) -> Ended:
        content = self.components[plugin]
        component = (await self.host.prepare(content, INTERFACES)).component
        capabilities = Capabilities(plugins=tuple(self.components))
        return await self.host.execute(
            component, task, **{"interfaces": INTERFACES, "capabilities": capabilities, **more}
        )


def refusing(
    code: str | None, output: str | None = None
) -> Callable[[PluginWanted], Awaitable[PluginAnswer]]:
    async def answer(wanted: PluginWanted) -> PluginAnswer:
        return PluginAnswer(wanted.call, output, code, "because", Usage(cpu_ms=3.0, host_calls=5, tokens=7))

    return answer


async def on_chain(chain: Chain, workers: int) -> LocalHost:
    host = LocalHost("--max-workers", str(workers), "--spare-workers", "0")
    host.plugin = chain.answer
    chain.host = await host.__aenter__()
    return host


async def test_a_declared_plugin_is_called_and_its_usage_is_the_callers() -> None:
    chain = Chain(acme_echo=echo(), acme_calls=calling("acme.echo"))
    host = await on_chain(chain, 4)
    try:
        ended = await chain.run("acme.calls", '{"n":1}')
    finally:
        await host.__aexit__(None, None, None)
    assert (ended.outcome, ended.output) == (Outcome.OK, '{"n":1}')
    assert ended.used == ("plugins",)
    (child,) = chain.children
    assert ended.usage.cpu_ms >= child.usage.cpu_ms
    assert chain.wanted[0].cpu_ms_left <= Limits().cpu_ms
    assert chain.wanted[0].host_calls_left == Limits().host_calls - 1


async def test_a_chain_of_five_needs_no_more_than_one_place() -> None:
    chain = Chain(a_a=calling("b.b"), b_b=calling("c.c"), c_c=calling("d.d"), d_d=calling("e.e"), e_e=echo())
    host = await on_chain(chain, 1)
    try:
        async with asyncio.timeout(60):
            ended = await chain.run("a.a", "{}", limits=Limits(wall_ms=50_000))
            again = await chain.run("a.a", "{}", limits=Limits(wall_ms=50_000))
            status = await host.status()
    finally:
        await host.__aexit__(None, None, None)
    assert (ended.outcome, again.outcome) == (Outcome.OK, Outcome.OK)
    assert len(chain.children) == 8
    assert status.workers == 1


async def test_callers_that_fill_every_place_do_not_keep_each_others_children_waiting() -> None:
    chain = Chain(acme_echo=echo(), acme_calls=calling_again("acme.echo", 5))
    host = await on_chain(chain, 2)
    try:
        async with asyncio.timeout(100):
            many = [
                chain.run("acme.calls", "{}", tenant=tenant, limits=Limits(wall_ms=90_000))
                for tenant in ("acme", "globex", "acme", "globex", "acme")
            ]

            async def answer_in_tenant(wanted: PluginWanted) -> PluginAnswer:
                ended = await chain.run(
                    wanted.plugin, wanted.task, tenant=wanted.tenant, parent=wanted.execution
                )
                return PluginAnswer(wanted.call, ended.output, None, None, ended.usage)

            host.plugin = answer_in_tenant
            ends = await asyncio.gather(*many)
            status = await host.status()
    finally:
        await host.__aexit__(None, None, None)
    assert [e.outcome for e in ends] == [Outcome.OK] * 5
    assert status.workers <= 2


async def test_a_plugin_that_was_not_declared_is_denied_without_asking() -> None:
    async def nobody(wanted: PluginWanted) -> PluginAnswer:
        raise AssertionError(wanted)

    async with LocalHost("--max-workers", "2", "--spare-workers", "0") as host:
        host.plugin = nobody
        component = (await host.prepare(calling("evil.tool"), INTERFACES)).component
        ended = await host.execute(component, "{}", interfaces=INTERFACES, capabilities=GRANTED)
    assert ended.outcome is Outcome.DENIED
    assert [(d.permission, d.target, d.count) for d in ended.denied] == [("plugins", "evil.tool", 1)]
    assert "plugins" not in ended.used


async def test_the_marketplaces_refusals_reach_the_guest_typed_and_a_denial_is_counted() -> None:
    async with LocalHost("--max-workers", "2", "--spare-workers", "0") as host:
        component = (await host.prepare(calling("acme.echo"), INTERFACES)).component
        for code, outcome in (
            ("failed", Outcome.GUEST_ERROR),
            ("budget", Outcome.GUEST_ERROR),
            ("denied", Outcome.DENIED),
            ("invented", Outcome.GUEST_ERROR),
        ):
            host.plugin = refusing(code)
            ended = await host.execute(component, "{}", interfaces=INTERFACES, capabilities=GRANTED)
            assert ended.outcome is outcome
            assert json.loads(ended.problem or "")["code"] == ("failed" if code == "invented" else code)
            assert (ended.usage.host_calls, ended.usage.tokens) == (1 + 5, 7)
            assert ended.usage.cpu_ms >= 3.0


async def test_what_called_plugins_use_counts_towards_the_callers_host_calls() -> None:
    async with LocalHost("--max-workers", "2", "--spare-workers", "0") as host:
        host.plugin = refusing(None, "{}")
        component = (await host.prepare(calling_again("acme.echo", 100), INTERFACES)).component
        ended = await host.execute(
            component, "{}", interfaces=INTERFACES, capabilities=GRANTED, limits=Limits(host_calls=20)
        )
    assert ended.outcome is Outcome.HOST_CALL_LIMIT
    assert ended.usage.host_calls == 20


async def test_what_called_plugins_use_counts_towards_the_callers_cpu_time() -> None:
    async def dear(wanted: PluginWanted) -> PluginAnswer:
        return PluginAnswer(wanted.call, "{}", None, None, Usage(cpu_ms=400.0))

    async with LocalHost("--max-workers", "2", "--spare-workers", "0") as host:
        host.plugin = dear
        component = (await host.prepare(calling_again("acme.echo", 100), INTERFACES)).component
        ended = await host.execute(component, "{}", interfaces=INTERFACES, capabilities=GRANTED)
    # The third call leaves nothing: the fourth is refused, and so the guest answers with that error.
    assert ended.outcome in (Outcome.GUEST_ERROR, Outcome.CPU_LIMIT)
    assert ended.usage.cpu_ms >= 1_000


async def test_a_caller_that_ends_while_it_waits_leaves_the_host_whole() -> None:
    async def never(wanted: PluginWanted) -> PluginAnswer:
        await asyncio.sleep(3600)
        raise AssertionError(wanted)

    async with LocalHost("--max-workers", "1", "--spare-workers", "0") as host:
        host.plugin = never
        component = (await host.prepare(calling("acme.echo"), INTERFACES)).component
        limits = Limits(wall_ms=300)
        ended = await host.execute(
            component, "{}", interfaces=INTERFACES, capabilities=GRANTED, limits=limits
        )
        assert ended.outcome is Outcome.WALL_LIMIT
        well = (await host.prepare(echo(), ALWAYS)).component
        assert (await host.execute(well, "{}")).outcome is Outcome.OK


async def test_nobody_takes_a_place_beside_an_execution_that_does_not_wait_or_is_another_tenants() -> None:
    async with LocalHost("--max-workers", "1", "--spare-workers", "0") as host:
        looping = (await host.prepare(endless(), ALWAYS)).component
        well = (await host.prepare(echo(), ALWAYS)).component
        id = str(uuid.uuid4())
        long = Limits(cpu_ms=60_000, wall_ms=60_000)
        running = asyncio.create_task(host.execute(looping, "{}", execution=id, limits=long, tenant="acme"))
        while (await host.status()).running == 0:  # noqa: ASYNC110 nothing tells when it begins
            await asyncio.sleep(0.01)
        for tenant in ("acme", "globex"):
            child = asyncio.create_task(host.execute(well, "{}", parent=id, tenant=tenant))
            await asyncio.sleep(0.3)
            assert not child.done()
            child.cancel()
        host.cancel(id)
        assert (await running).outcome is Outcome.CANCELLED
