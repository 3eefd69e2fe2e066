"""Calls of other plugins, journals and divergences from hosts that lie."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aei_marketplace.adapters.sandbox import Patience
from aei_marketplace.adapters.sandbox.calls import Calls, Running
from aei_marketplace.adapters.sandbox.line import BrokenProtocol
from aei_marketplace.ground.ports import SandboxGone, SandboxRefused, plugin_failure
from aei_protocol.limits import Limits
from aei_protocol.messages import (
    Attempt,
    Divergence,
    Ended,
    ModelWanted,
    PluginAnswer,
    PluginWanted,
    Refused,
    SecretWanted,
    Usage,
)
from aei_protocol.permissions import Capabilities
from tests.adapters.sandbox_hosts import Heard, ScriptedHost, facing, ok, task

HELD = Capabilities(plugins=("acme.echo",))
WANTED = PluginWanted(5, "e1", "t1", "acme.echo", "{}", 100, 100, 10, 10, 0)


class Calling(Heard):
    """A listener that answers calls, or fails to."""

    def __init__(self, answer: Callable[[PluginWanted], Any]) -> None:
        super().__init__()
        self.answer = answer
        self.wanted: list[PluginWanted] = []
        self.cancelled = False

    async def call_plugin(self, wanted: PluginWanted) -> PluginAnswer:
        self.wanted.append(wanted)
        try:
            answer: PluginAnswer = await self.answer(wanted)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return answer


async def answering(wanted: PluginWanted) -> PluginAnswer:
    return PluginAnswer(wanted.call, "1", None, None, Usage())


async def never(_: PluginWanted) -> PluginAnswer:
    await asyncio.sleep(3600)
    raise AssertionError


async def having_called(
    folder: Path, script: Callable[[ScriptedHost], Any], listener: Calling
) -> tuple[ScriptedHost, Ended | None]:
    """Have a host do as it wants while execution e1 of t1 runs, which depends on acme.echo."""
    host, ended = ScriptedHost(script), None
    async with facing(host, folder) as client:
        with contextlib.suppress(SandboxGone):
            ended = await asyncio.wait_for(client.execute(task(capabilities=HELD), listener), 20)
    return host, ended


def once(wanted: PluginWanted) -> Callable[[ScriptedHost], None]:
    """Wants a call, and ends the execution once it is answered."""
    return lambda h: h.say(wanted) if h.heard[-1][0] == "Execute" else h.say(ok())


async def test_a_call_is_answered_by_who_listens_to_the_execution(tmp_path: Path) -> None:
    listener = Calling(answering)
    host, ended = await having_called(tmp_path, once(WANTED), listener)
    kind, fields = host.heard[1]
    assert (kind, fields["call"], fields["output"], fields["code"]) == ("PluginAnswer", 5, "1", None)
    assert (listener.wanted, ended) == ([WANTED], ok())


@pytest.mark.parametrize(
    "forged",
    [
        replace(WANTED, tenant="t2"),
        replace(WANTED, plugin="evil.tool"),
        replace(WANTED, cpu_ms_left=Limits().cpu_ms + 1),
        replace(WANTED, wall_ms_left=10**9),
        replace(WANTED, host_calls_left=-1),
        replace(WANTED, bytes_out_left=2**60),
    ],
    ids=["tenant", "plugin", "cpu", "wall", "calls", "bytes"],
)
async def test_a_forged_call_costs_the_line_and_nothing_is_called(
    tmp_path: Path, forged: PluginWanted
) -> None:
    listener = Calling(answering)
    host, ended = await having_called(tmp_path, once(forged), listener)
    assert [kind for kind, _ in host.heard] == ["Execute"]
    assert (listener.wanted, ended) == ([], None)


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        (Calls.holder, SecretWanted(1, "e1", "t1", "KEY")),
        (Calls.asker, ModelWanted(1, "e1", "t1", "chat", "{}", 10)),
        (Calls.caller, WANTED),
    ],
)
async def test_a_rehearsal_reaches_nothing_whatever_the_host_wants_for_it(
    who: Callable[[Calls, Any], Running | None], wanted: Any
) -> None:
    held = Capabilities(secrets=("KEY",), chat=("small",), plugins=("acme.echo",))
    running = Running(task(capabilities=held), Heard(), asyncio.Future())
    assert who(Calls({"e1": running}), wanted) is running
    running = Running(task(capabilities=held, rehearsal=True), Heard(), asyncio.Future())
    with pytest.raises(BrokenProtocol, match="rehearsal"):
        who(Calls({"e1": running}), wanted)


async def test_a_call_for_an_execution_that_does_not_run_here_fails_and_calls_nothing(tmp_path: Path) -> None:
    listener = Calling(answering)
    host, _ = await having_called(tmp_path, once(replace(WANTED, execution="e9")), listener)
    kind, fields = host.heard[1]
    assert (kind, fields["code"], listener.wanted) == ("PluginAnswer", "failed", [])


async def test_a_second_call_while_the_first_is_answered_costs_the_line(tmp_path: Path) -> None:
    def twice(host: ScriptedHost) -> None:
        host.say(WANTED)
        host.say(replace(WANTED, call=6))

    listener = Calling(never)
    _, ended = await having_called(tmp_path, twice, listener)
    assert ended is None
    assert listener.wanted in ([], [WANTED])


@pytest.mark.parametrize(
    "end",
    [
        lambda host: host.say(ok()),
        lambda host: host.say(Refused("e1", "busy", "after all")),
        lambda host: host.hang_up(),
    ],
    ids=["ended", "refused", "lost"],
)
async def test_the_end_of_a_caller_cancels_what_it_waits_for(
    tmp_path: Path, end: Callable[[ScriptedHost], None]
) -> None:
    async def end_at_once(_: PluginWanted) -> PluginAnswer:
        end(host)
        return await never(WANTED)

    host = ScriptedHost(lambda h: h.say(WANTED))
    listener = Calling(end_at_once)
    async with facing(host, tmp_path, patience=Patience()) as client:
        with contextlib.suppress(SandboxGone, SandboxRefused):
            assert await client.execute(task(capabilities=HELD), listener) == ok()
        async with asyncio.timeout(20):
            while not listener.cancelled:  # noqa: ASYNC110 the listener has no event for it
                await asyncio.sleep(0.01)


async def test_a_call_that_goes_wrong_here_is_a_failure_for_the_guest_and_no_more(tmp_path: Path) -> None:
    async def broken(_: PluginWanted) -> PluginAnswer:
        raise ZeroDivisionError

    host, ended = await having_called(tmp_path, once(WANTED), Calling(broken))
    assert host.heard[1][1]["code"] == plugin_failure(5, "failed", "").code
    assert ended == ok()


_PLACE = Divergence(1, "http.fetch", "end", "the guest returned before this call")


@pytest.mark.parametrize(
    ("sent", "end"),
    [
        ({}, {"journal": b"x"}),
        ({}, {"attempts": (Attempt("log.log", "", 1, 0),)}),
        ({}, {"more_attempts": 1}),
        ({"journal": b"k", "recorded": b"r"}, {"journal": b"x"}),
        ({}, {"divergence": _PLACE}),
        ({"journal": b"k"}, {"divergence": _PLACE}),
        ({"journal": b"k", "recorded": b"r"}, {"divergence": replace(_PLACE, call=0)}),
        ({"journal": b"k", "recorded": b"r"}, {"divergence": replace(_PLACE, call=10**9)}),
        ({"journal": b"k", "recorded": b"r"}, {"divergence": replace(_PLACE, detail="x" * 501)}),
    ],
)
async def test_what_was_not_asked_for_costs_the_line(
    tmp_path: Path, sent: dict[str, Any], end: dict[str, Any]
) -> None:
    host = ScriptedHost(lambda h: h.say(ok(**end)))
    async with facing(host, tmp_path) as client:
        with pytest.raises(SandboxGone):
            await asyncio.wait_for(client.execute(task(**sent), Heard()), 20)


async def test_what_was_asked_for_arrives(tmp_path: Path) -> None:
    for sent, end in (
        ({"journal": b"k"}, {"journal": b"x"}),
        ({"rehearsal": True}, {"attempts": (Attempt("log.log", "", 1, 0),), "more_attempts": 1}),
        ({"journal": b"k", "recorded": b"r"}, {"divergence": _PLACE}),
    ):
        host = ScriptedHost(lambda h, end=end: h.say(ok(**end)))  # type: ignore[misc]
        async with facing(host, tmp_path) as client:
            assert await asyncio.wait_for(client.execute(task(**sent), Heard()), 20) == ok(**end)
        (tmp_path / "s").unlink(missing_ok=True)
