"""Journals of host calls and replays from them, through a real host."""

import asyncio
import base64
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.interface import ALWAYS
from aei_protocol.limits import Limits
from aei_protocol.messages import Ended
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox.broker.record import LARGEST_JOURNAL, BadJournal, Recorder, read_journal
from aei_sandbox.local import HostLine, HostRefused, Observer
from tests.sandbox.conftest import SharedHost
from tests.sandbox.guests import AREA, TASK, Guest, calling, fetching, logging, remembering

KEY = b"k" * 32
INTERFACES = (*ALWAYS, "secrets", "http", "plugins")
HELD = Capabilities(secrets=("KEY",))


async def recorded(host: HostLine, guest: bytes, **more: Any) -> tuple[str, Ended]:
    """Run a guest once with a journal."""
    component = (await host.prepare(guest, INTERFACES)).component
    ended = await run(host, component, journal=KEY, **more)
    assert ended.journal is not None
    return component, ended


async def run(host: HostLine, component: str, **more: Any) -> Ended:
    return await host.execute(
        component, '{"a":1}', interfaces=INTERFACES, **{"tenant": "acme", "capabilities": HELD, **more}
    )


async def test_a_replay_gives_the_same_output_bit_for_bit(host: HostLine) -> None:
    component, first = await recorded(host, remembering(), config='{"depth": 2}')
    other = await run(host, component, config='{"depth": 2}')
    observer = Observer()
    again = await run(host, component, journal=KEY, recorded=first.journal, observer=observer)
    assert first.outcome is Outcome.OK
    assert "acme's value" in (first.output or "")
    assert other.output != first.output
    assert (again.outcome, again.output, again.divergence) == (Outcome.OK, first.output, None)
    assert again.usage.host_calls == first.usage.host_calls
    assert [line.message for line in observer.lines] == ['{"a":1}']
    assert again.journal is None


async def test_a_secret_is_not_in_the_journal_in_any_spelling_and_read_again_at_the_replay(
    host: HostLine,
) -> None:
    component, first = await recorded(host, remembering())
    assert first.journal is not None
    text = zlib.decompress(first.journal).lower()
    value = b"acme's value"
    for spelling in (value, value.hex().encode(), base64.b64encode(value).lower(), value[::-1]):
        assert spelling not in text
    gone = await run(host, component, journal=KEY, recorded=first.journal, capabilities=Capabilities())
    assert gone.divergence is not None
    assert (gone.divergence.expected, gone.divergence.call) == ("secrets.get", 5)
    assert "cannot be read" in gone.divergence.detail


async def test_a_secret_that_has_changed_is_a_divergence(shared_host: SharedHost) -> None:
    value = "old"
    line = HostLine(lambda _tenant, _name: value)
    await line.connect(shared_host.path)
    component, first = await recorded(line, remembering())
    value = "new"
    again = await run(line, component, journal=KEY, recorded=first.journal)
    line.line.close("test is over")
    assert again.outcome is Outcome.CANCELLED
    assert again.divergence is not None
    assert "another value" in again.divergence.detail
    assert "old" not in (again.problem or "")


async def test_no_call_of_a_replay_leaves_the_sandbox(host: HostLine, shared_host: SharedHost) -> None:
    """Nothing answers at the origin: a real fetch would wait until the wall limit."""
    request = '{"url": "http://origin.example:8080/"}'
    granted = Capabilities(hosts=("origin.example:8080",))
    component, first = await recorded(
        host, fetching(request), capabilities=Capabilities(), limits=Limits(wall_ms=20_000)
    )
    assert first.outcome is Outcome.DENIED
    again = await run(host, component, journal=KEY, recorded=first.journal, capabilities=granted)
    assert (again.outcome, again.problem, again.divergence) == (first.outcome, first.problem, None)
    assert (again.denied, again.used) == ((), ())
    shared_host.origin.setblocking(False)
    with pytest.raises(BlockingIOError):
        shared_host.origin.accept()


async def test_a_called_plugin_is_not_called_again(host: HostLine) -> None:
    component, first = await recorded(
        host, calling("acme.echo"), capabilities=Capabilities(plugins=("acme.echo",))
    )
    assert first.outcome is Outcome.GUEST_ERROR
    again = await run(host, component, journal=KEY, recorded=first.journal)
    assert (again.outcome, again.problem) == (first.outcome, first.problem)


async def test_a_divergence_names_the_call_and_both_functions(host: HostLine) -> None:
    _, first = await recorded(host, remembering())
    other = Guest("clock.now", "config.get")
    body = f"(drop (call $clock_now)) (call $config_get {AREA}) (call $ok {TASK})"
    component = (await host.prepare(other.build(body), INTERFACES)).component
    again = await run(host, component, journal=KEY, recorded=first.journal)
    assert again.outcome is Outcome.CANCELLED
    assert again.divergence is not None
    found = again.divergence
    assert (found.call, found.expected, found.got) == (2, "clock.monotonic", "config.get")


async def test_other_arguments_a_further_call_and_a_missing_call_are_divergences(host: HostLine) -> None:
    _, first = await recorded(host, logging(2))
    for guest, call, expected, got in (
        (logging(2, "another line"), 1, "log.log", "log.log"),
        (logging(3), 3, "end", "log.log"),
        (logging(1), 2, "log.log", "end"),
    ):
        component = (await host.prepare(guest, INTERFACES)).component
        again = await run(host, component, journal=KEY, recorded=first.journal)
        assert again.divergence is not None
        found = again.divergence
        assert (found.call, found.expected, found.got) == (call, expected, got)


async def test_a_journal_made_under_another_key_replays_nothing(host: HostLine) -> None:
    component, first = await recorded(host, remembering())
    again = await run(host, component, journal=b"x" * 32, recorded=first.journal)
    assert again.divergence is not None
    assert again.divergence.call == 1


async def test_a_call_that_was_never_answered_ends_the_replay_there(shared_host: SharedHost) -> None:
    async def never(_: object) -> Any:
        await asyncio.sleep(3600)

    line = HostLine()
    line.plugin = never
    await line.connect(shared_host.path)
    held = Capabilities(plugins=("acme.echo",))
    component, first = await recorded(
        line, calling("acme.echo"), capabilities=held, limits=Limits(wall_ms=300)
    )
    assert first.outcome is Outcome.WALL_LIMIT
    again = await run(line, component, journal=KEY, recorded=first.journal)
    line.line.close("test is over")
    assert again.divergence is not None
    assert (again.divergence.call, again.divergence.expected) == (1, "end")


@pytest.mark.parametrize(
    "content", [b"", b"noise", zlib.compress(b'{"journal":2}\n'), zlib.compress(b"[]\n[]\n")]
)
async def test_what_is_no_journal_is_refused_before_anything_runs(host: HostLine, content: bytes) -> None:
    component, _ = await recorded(host, logging(1))
    with pytest.raises(HostRefused) as refusal:
        await run(host, component, journal=KEY, recorded=content)
    assert refusal.value.code == "unreadable_journal"


async def test_a_journal_that_grows_too_long_is_given_up_and_the_execution_goes_on(host: HostLine) -> None:
    guest = Guest("random.hex")
    body = f"""(local.set $i (i32.const 1000))
      (loop $l (call $random_hex (i32.const 4096) {AREA})
        (global.set $reset (i32.const 0))
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (call $ok {TASK})"""
    built = guest.build(body, module="(global $reset (mut i32) (i32.const 0))", pages=300)
    component = (await host.prepare(built, INTERFACES)).component
    ended = await run(host, component, journal=KEY, limits=Limits(cpu_ms=30_000, wall_ms=60_000))
    assert ended.outcome is Outcome.OK
    assert ended.journal is None
    assert LARGEST_JOURNAL < 1000 * 2 * 4096


_TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=50)
_ANSWERS = st.one_of(st.integers(0, 2**64 - 1), _TEXTS, st.tuples(st.booleans(), _TEXTS))


@given(st.lists(st.tuples(_TEXTS, _ANSWERS), max_size=30))
def test_what_is_recorded_is_read_back(calls: list[tuple[str, Any]]) -> None:
    recorder = Recorder(KEY)
    for argument, answer in calls:
        recorder.asked("http", "fetch", [argument])
        recorder.answered(answer)
    content = recorder.content()
    assert content is not None
    answers = [answer for _, _, answer in read_journal(content)]
    assert answers == [list(a) if isinstance(a, tuple) else a for _, a in calls]


@given(st.binary(max_size=200))
def test_noise_is_no_journal(noise: bytes) -> None:
    with pytest.raises(BadJournal):
        read_journal(zlib.compress(noise))


def test_a_bomb_is_no_journal() -> None:
    with pytest.raises(BadJournal):
        read_journal(zlib.compress(b'{"journal":1}\n' + b"\n" * (64 * 1024 * 1024)))
