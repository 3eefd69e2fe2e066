"""A sandbox host that asks for models: what it is believed, and what costs it the line."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.ground.ports import ModelCall, ModelReply, SandboxGone, model_failure
from aei_protocol.messages import ModelWanted
from aei_protocol.permissions import Capabilities
from tests.adapters.sandbox_hosts import IMPATIENT, Heard, ScriptedHost, Secrets, ok, task

HELD = Capabilities(chat=("small",), max_tokens=100)


class Gateway:
    """Answers with the replies that it was given; without one it never answers."""

    def __init__(self, *replies: ModelReply | Exception) -> None:
        self.replies = list(replies)
        self.asked: list[ModelCall] = []
        self.left = asyncio.Event()

    async def answer(self, call: ModelCall) -> ModelReply:
        self.asked.append(call)
        if not self.replies:
            try:
                await asyncio.sleep(600)
            finally:
                self.left.set()
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def wanted(**more: Any) -> ModelWanted:
    values = {
        "call": 5,
        "execution": "e1",
        "tenant": "t1",
        "kind": "chat",
        "request": "{}",
        "tokens_left": 100,
    }
    return ModelWanted(**{**values, **more})  # type: ignore[arg-type]  # the test names real fields


async def run(
    folder: Path, script: Callable[[ScriptedHost], Any], gateway: Gateway, held: Capabilities = HELD
) -> ScriptedHost:
    """Have a host follow its script while execution e1 of t1 runs, until that ends or the line does."""
    host = ScriptedHost(script)
    server = await asyncio.start_unix_server(host.serve, str(folder / "s"))
    client = SandboxClient(folder / "s", Secrets(), gateway, IMPATIENT)
    try:
        with contextlib.suppress(SandboxGone):
            await asyncio.wait_for(client.execute(task(capabilities=held), Heard()), 20)
    finally:
        await client.close()
        server.close()
    return host


def asks(*questions: ModelWanted) -> Callable[[ScriptedHost], None]:
    """A host that asks one question after the other, and then ends the execution."""
    left = list(questions)
    return lambda host: host.say(left.pop(0) if left else ok())


def answers(host: ScriptedHost) -> list[dict[str, Any]]:
    return [fields for kind, fields in host.heard if kind == "ModelAnswer"]


async def test_a_model_is_asked_with_the_grant_that_was_sent(tmp_path: Path) -> None:
    gateway = Gateway(ModelReply('{"said": "hi"}', 12))
    host = await run(tmp_path, asks(wanted(tokens_left=80)), gateway)
    assert gateway.asked == [ModelCall("e1", "t1", "chat", ("small",), "{}", 80)]
    expected = {"call": 5, "response": '{"said": "hi"}', "code": None, "message": None, "tokens": 12}
    assert answers(host) == [expected]


async def test_a_host_that_claims_more_tokens_than_are_left_is_not_believed(tmp_path: Path) -> None:
    gateway = Gateway(ModelReply("{}", 70), model_failure("failed", "no", 50), ModelReply("{}", 1))
    await run(tmp_path, asks(*[wanted(tokens_left=10**9)] * 3), gateway)
    assert [call.tokens_left for call in gateway.asked] == [100, 30, 0]


@pytest.mark.parametrize(
    "forged", [{"tenant": "t2"}, {"kind": "embed"}, {"kind": "image"}, {"kind": "max_tokens"}]
)
async def test_asking_for_another_tenant_or_without_the_grant_costs_the_line(
    tmp_path: Path, forged: dict[str, str]
) -> None:
    gateway = Gateway()
    host = await run(tmp_path, asks(wanted(**forged)), gateway)
    assert [kind for kind, _ in host.heard] == ["Execute"]
    assert gateway.asked == []


async def test_an_execution_that_does_not_run_is_told_so(tmp_path: Path) -> None:
    gateway = Gateway()
    host = await run(tmp_path, asks(wanted(execution="e9")), gateway)
    assert answers(host)[0]["code"] == "failed"
    assert gateway.asked == []


async def test_two_models_at_once_for_one_execution_cost_the_line(tmp_path: Path) -> None:
    def twice(host: ScriptedHost) -> None:
        host.say(wanted())
        host.say(wanted(call=6))

    gateway = Gateway()
    host = await run(tmp_path, twice, gateway)
    assert answers(host) == []
    assert len(gateway.asked) <= 1


async def test_the_end_of_an_execution_ends_the_asking(tmp_path: Path) -> None:
    gateway = Gateway()

    def ask_and_end(host: ScriptedHost) -> None:
        host.say(wanted())
        asyncio.get_running_loop().call_later(0.3, host.say, ok())

    host = await run(tmp_path, ask_and_end, gateway)
    await asyncio.wait_for(gateway.left.wait(), 20)
    assert answers(host) == []


async def test_a_gateway_that_breaks_is_a_failure_that_tells_nothing(tmp_path: Path) -> None:
    host = await run(tmp_path, asks(wanted()), Gateway(RuntimeError("canary")))
    (answer,) = answers(host)
    assert (answer["code"], answer["response"]) == ("failed", None)
    assert "canary" not in answer["message"]
