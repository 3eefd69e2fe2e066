"""Rehearsals: everything is answered, nothing is done, and every call is told."""

import json

from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.interface import ALWAYS
from aei_protocol.messages import Attempt, Ended, PluginAnswer, PluginWanted
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox.broker.attempts import MOST_TOLD, Attempts
from aei_sandbox.local import HostLine
from tests.sandbox.guests import AREA, TASK, Guest, asking, calling, fetching
from tests.sandbox.guests import REPLY_RESULT as REPLY

INTERFACES = (*ALWAYS, "http", "secrets", "models", "plugins", "files")
HELD = Capabilities(
    hosts=("origin.example:8080",),
    secrets=("KEY",),
    chat=("small",),
    embed=("small",),
    max_tokens=10,
    persistent_mib=1,
    plugins=("acme.base",),
)
ORIGIN = json.dumps({"url": "http://origin.example:8080/prices"})


async def rehearsed(
    host: HostLine, guest: bytes, task: str = "{}", capabilities: Capabilities = HELD
) -> Ended:
    prepared = await host.prepare(guest, INTERFACES)
    return await host.execute(
        prepared.component,
        task,
        interfaces=INTERFACES,
        capabilities=capabilities,
        tenant="acme",
        rehearsal=True,
    )


async def test_a_request_to_a_granted_host_is_answered_and_never_sent(host: HostLine) -> None:
    """Nothing answers at the origin: a request that was sent would wait until the wall limit."""
    ended = await rehearsed(host, fetching(ORIGIN))
    assert json.loads(ended.output or "") == {
        "status": 200, "headers": {"content-type": "application/json"}, "body": "{}",
        "url": "http://origin.example:8080/prices",
    }  # fmt: skip
    assert (ended.used, ended.denied) == (("network",), ())
    assert ended.attempts == (Attempt("http.fetch", "origin.example:8080", 1, 0),)


async def test_what_is_not_granted_is_denied_as_ever_and_told_with_its_target(host: HostLine) -> None:
    ended = await rehearsed(host, fetching(), json.dumps({"url": "https://user:pw@evil.example/?q=secret"}))
    assert (ended.outcome, ended.attempts) == (
        Outcome.DENIED, (Attempt("http.fetch", "evil.example", 1, 1),),
    )  # fmt: skip
    assert "secret" not in str(ended.attempts)
    assert (await rehearsed(host, fetching(), "no request")).attempts == (Attempt("http.fetch", "", 1, 0),)


async def test_secrets_are_made_up_the_same_each_time_and_nobodys(host: HostLine) -> None:
    guest = Guest("secrets.get")
    reading = guest.build(f"(call $secrets_get {guest.text('KEY')} {AREA}) {REPLY}")
    values = {(await rehearsed(host, reading)).output for _ in range(2)}
    assert len(values) == 1
    (value,) = values
    assert value is not None
    assert value.startswith("made-up-")
    refused = await rehearsed(host, reading, capabilities=Capabilities())
    assert refused.attempts == (Attempt("secrets.get", "KEY", 1, 1),)


async def test_models_and_plugins_are_made_up_and_nobody_is_asked(host: HostLine) -> None:
    async def never(wanted: PluginWanted) -> PluginAnswer:
        raise AssertionError(f"{wanted.plugin} was called")

    host.plugin = never
    called = await rehearsed(host, calling("acme.base"))
    assert (called.output, called.attempts) == ("{}", (Attempt("plugins.call", "acme.base", 1, 0),))
    said = await rehearsed(host, asking(), json.dumps({"model": "small", "messages": []}))
    assert json.loads(said.output or "")["choices"][0]["message"]["role"] == "assistant"
    assert said.usage.tokens == 1
    vectors = await rehearsed(
        host, asking(function="embed"), json.dumps({"model": "small", "input": ["a", "b"]})
    )
    assert len(json.loads(vectors.output or "")["data"]) == 2
    other = await rehearsed(host, asking(), json.dumps({"model": "large"}))
    assert other.attempts == (Attempt("models.chat", "large", 1, 1),)


async def test_no_file_outlasts_a_rehearsal(host: HostLine) -> None:
    guest = Guest("files.write", "files.read")
    path = guest.text("persistent/a.txt")
    writing = guest.build(
        f"(call $files_write {path} {TASK} {AREA}) (call $files_read {path} {AREA}) {REPLY}"
    )
    assert (await rehearsed(host, writing, '"kept"')).output == '"kept"'
    other = Guest("files.read")
    reading = other.build(f"(call $files_read {other.text('persistent/a.txt')} {AREA}) {REPLY}")
    ended = await rehearsed(host, reading)
    assert (ended.outcome, "not_found" in (ended.problem or "")) == (Outcome.GUEST_ERROR, True)
    assert ended.attempts == (Attempt("files.read", "persistent", 1, 0),)


async def test_calls_are_told_of_rehearsals_alone(host: HostLine) -> None:
    component = (await host.prepare(fetching(ORIGIN), INTERFACES)).component
    ended = await host.execute(component, "{}", interfaces=INTERFACES)
    assert (ended.attempts, ended.more_attempts) == ((), 0)


@given(st.lists(st.tuples(st.sampled_from(["log", "clock", "random"]), st.integers(0, 3)), max_size=60))
def test_no_call_is_lost_in_the_summary(calls: list[tuple[str, int]]) -> None:
    attempts = Attempts()
    for interface, _ in calls:
        attempts.asked(interface, "do", [])
        attempts.answered(None)
    told, more = attempts.summary()
    assert sum(each.count for each in told) + more == len(calls)


def test_a_flood_of_targets_is_counted_and_the_denied_ones_are_told_first() -> None:
    attempts = Attempts()
    for number in range(3_000):
        attempts.asked("secrets", "get", [f"N{number:04}"])
        attempts.answered((number % 10 > 0, '{"code": "denied", "message": "no"}'))
    told, more = attempts.summary()
    assert (len(told), more) == (MOST_TOLD, 2_900)
    assert all(each.denied for each in told)
