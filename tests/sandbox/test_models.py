"""`models.chat` and `models.embed`: what the broker lets through to the marketplace's gateway."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.limits import Limits
from aei_protocol.messages import Denial, Ended, Execute, ModelAnswer, ModelWanted
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox.broker.denials import Denials
from aei_sandbox.broker.models import Models, named_model
from aei_sandbox.local import HostLine
from tests.sandbox.conftest import SharedHost
from tests.sandbox.guests import asking

HELD = Capabilities(chat=("small",), embed=("*",), max_tokens=100)
HELLO = json.dumps({"model": "small", "messages": [{"role": "user", "content": "hello"}]})

Gateway = Callable[[ModelWanted], Awaitable[ModelAnswer]]


class Scripted:
    """A gateway that answers as the test says, and remembers what it was asked."""

    def __init__(self, *answers: tuple[str | None, str | None, int]) -> None:
        self.answers = list(answers)
        self.asked: list[ModelWanted] = []

    async def __call__(self, wanted: ModelWanted) -> ModelAnswer:
        self.asked.append(wanted)
        response, code, tokens = self.answers.pop(0)
        return ModelAnswer(wanted.call, response, code, "says the gateway" if code else None, tokens)


@pytest.fixture
async def lines(shared_host: SharedHost) -> AsyncIterator[Callable[[Gateway], Awaitable[HostLine]]]:
    """Opens lines to the session's host that have a gateway."""
    opened: list[HostLine] = []

    async def connect(gateway: Gateway) -> HostLine:
        line = HostLine(model=gateway)
        opened.append(line)
        await line.connect(shared_host.path)
        return line

    yield connect
    for line in opened:
        line.line.close("test is over")


async def run(
    host: HostLine,
    component: bytes,
    task: str = HELLO,
    held: Capabilities = HELD,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    tenant: str = "acme",
) -> Ended:
    prepared = await host.prepare(component, ("models",))
    return await host.execute(
        prepared.component,
        task,
        interfaces=("models",),
        capabilities=held,
        limits=limits,
        tenant=tenant,
        execution="e1",
    )


def code_of(ended: Ended) -> str:
    assert ended.problem is not None
    code: str = json.loads(ended.problem)["code"]
    return code


async def test_a_guest_asks_and_is_answered(lines) -> None:
    gateway = Scripted(('{"said": "hi"}', None, 7))
    ended = await run(await lines(gateway), asking())
    assert (ended.outcome, ended.output) == (Outcome.OK, '{"said": "hi"}')
    assert (ended.used, ended.usage.tokens) == (("models",), 7)
    (wanted,) = gateway.asked
    assert (wanted.execution, wanted.tenant, wanted.kind) == ("e1", "acme", "chat")
    assert (wanted.request, wanted.tokens_left) == (HELLO, 100)


async def test_each_call_leaves_less_of_the_budget_and_the_last_of_it_ends_the_asking(lines) -> None:
    gateway = Scripted(("{}", None, 60), ("{}", None, 45))
    ended = await run(await lines(gateway), asking(HELLO, HELLO, HELLO))
    assert [wanted.tokens_left for wanted in gateway.asked] == [100, 40]
    assert code_of(ended) == "budget"
    assert ended.usage.tokens == 105


async def test_a_failed_call_costs_what_it_cost_and_a_negative_cost_gives_nothing_back(lines) -> None:
    gateway = Scripted((None, "failed", 30), (None, "timeout", -50), ("{}", None, 1))
    ended = await run(await lines(gateway), asking(HELLO, HELLO, HELLO))
    assert [wanted.tokens_left for wanted in gateway.asked] == [100, 70, 70]
    assert ended.usage.tokens == 31


async def test_a_model_that_is_not_granted_is_denied_by_name_and_reaches_nobody(lines) -> None:
    gateway = Scripted()
    secret_prompt = json.dumps({"model": "large", "messages": [{"role": "user", "content": "canary"}]})
    ended = await run(await lines(gateway), asking(), secret_prompt)
    assert ended.outcome is Outcome.DENIED
    assert ended.denied == (Denial("models", "large", 1),)
    assert gateway.asked == []


async def test_a_grant_for_one_function_is_none_for_the_other(lines) -> None:
    gateway = Scripted()
    chat_only = Capabilities(chat=("*",), max_tokens=100)
    ended = await run(await lines(gateway), asking(function="embed"), held=chat_only)
    assert ended.outcome is Outcome.DENIED
    assert (ended.denied, gateway.asked) == ((Denial("models", "small", 1),), [])


async def test_without_any_grant_a_call_is_denied_whatever_it_says(lines) -> None:
    ended = await run(await lines(Scripted()), asking(), "no request", held=Capabilities())
    assert ended.outcome is Outcome.DENIED
    assert ended.denied == (Denial("models", "*", 1),)


async def test_a_star_grants_every_name(lines) -> None:
    gateway = Scripted(("[]", None, 1))
    request = json.dumps({"model": "any/thing:1", "input": "x"})
    ended = await run(await lines(gateway), asking(function="embed"), request)
    assert ended.outcome is Outcome.OK
    assert gateway.asked[0].kind == "embed"


async def test_what_the_gateway_denies_is_counted_as_denied(lines) -> None:
    ended = await run(await lines(Scripted((None, "denied", 0))), asking())
    assert ended.outcome is Outcome.DENIED
    assert ended.denied == (Denial("models", "small", 1),)


async def test_a_code_that_no_guest_knows_becomes_failed(lines) -> None:
    ended = await run(await lines(Scripted((None, "surprise", 0))), asking())
    assert (ended.outcome, code_of(ended)) == (Outcome.GUEST_ERROR, "failed")


@pytest.mark.parametrize("task", ["", "[]", "{}", '{"model": 1}', "[" * 100_000, '{"model": "small"'])
async def test_what_names_no_model_is_invalid_and_reaches_nobody(lines, task: str) -> None:
    gateway = Scripted()
    ended = await run(await lines(gateway), asking(), task)
    assert (ended.outcome, code_of(ended)) == (Outcome.GUEST_ERROR, "invalid")
    assert gateway.asked == []


async def test_a_guest_that_waits_for_a_silent_gateway_ends_at_its_wall_limit(lines) -> None:
    asked = asyncio.Event()

    async def silent(_: ModelWanted) -> ModelAnswer:
        asked.set()
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    ended = await run(await lines(silent), asking(), limits=Limits(wall_ms=1000))
    assert asked.is_set()
    assert ended.outcome in (Outcome.WALL_LIMIT, Outcome.GUEST_ERROR)
    assert ended.usage.wall_ms < 20_000


async def test_a_cancelled_execution_does_not_wait_for_its_model(lines) -> None:
    asked = asyncio.Event()

    async def silent(_: ModelWanted) -> ModelAnswer:
        asked.set()
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    host = await lines(silent)
    running = asyncio.create_task(run(host, asking(), limits=Limits(wall_ms=60_000)))
    await asyncio.wait_for(asked.wait(), 30)
    host.cancel("e1")
    assert (await asyncio.wait_for(running, 30)).outcome is Outcome.CANCELLED


async def test_without_a_gateway_models_fail_and_say_so(host: HostLine) -> None:
    ended = await run(host, asking())
    assert code_of(ended) == "failed"


@given(st.text(max_size=200))
def test_reading_a_name_never_raises(text: str) -> None:
    assert named_model(text) is None or text


@given(st.lists(st.integers(-1000, 1000), max_size=30))
async def test_the_gateway_is_never_offered_more_than_is_left(costs: list[int]) -> None:
    offered: list[int] = []
    remaining = iter(costs)

    async def ask(_t: str, _e: str, _k: str, _r: str, left: int) -> ModelAnswer:
        offered.append(left)
        return ModelAnswer(1, "{}", None, None, next(remaining))

    execution = Execute("e", "t", "i", "a.b", "1.0.0", "0" * 64, (), HELD, Limits(), "{}", "{}")
    deadline = asyncio.get_running_loop().time() + 60
    models = Models(execution, ask, deadline, Denials(), set())
    for _ in costs:
        ok, _text = await models.call("chat", HELLO)
        assert ok or models.tokens >= HELD.max_tokens
    assert all(0 < left <= HELD.max_tokens for left in offered)
    assert offered == sorted(offered, reverse=True)
