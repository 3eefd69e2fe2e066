"""Installed plugins as models of the common API, over HTTP."""

import json
from typing import Any

import pytest

from aei_marketplace.ground.deps import Deps
from aei_protocol.messages import Ended
from aei_protocol.outcomes import Outcome
from tests.builders import Tenant, make_tenant
from tests.executions.conftest import Log
from tests.fakes import FakeSandbox, ended
from tests.plugins import install, publish
from tests.serving import Client

CHAT = "/v1/chat/completions"
MODEL = {"id": "acme.parrot", "name": "Parrot", "kind": "model"}
HELLO = {"model": "acme.parrot", "messages": [{"role": "user", "content": "hello"}]}


def says(output: Any, outcome: Outcome = Outcome.OK, problem: str | None = None) -> Any:
    """A guest that ends with this output."""
    text = output if isinstance(output, str) or output is None else json.dumps(output)

    def guest(_: FakeSandbox, task: Any, __: Any) -> Ended:
        return ended(task, outcome, output=text, problem=problem)

    return guest


def completion(text: str = "Hello yourself", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message}], **more}


@pytest.fixture
async def parrot(deps: Deps, sandbox: FakeSandbox) -> Tenant:
    """A tenant with a model plugin and one that is none."""
    tenant = await make_tenant(deps.works, "acme")
    await publish(deps, tenant.manager, MODEL)
    await publish(deps, tenant.manager)
    for plugin in ("acme.parrot", "acme.echo"):
        assert (await install(deps, tenant.admin, plugin)).state == "succeeded"
    sandbox.guest = says(completion())
    return tenant


async def test_a_chat_is_answered_in_the_common_shape(
    client: Client, parrot: Tenant, sandbox: FakeSandbox
) -> None:
    request = {**HELLO, "temperature": 0.5, "user": "u", "stream": False}
    answer = await client.post(CHAT, parrot.tokens["Agent"], json=request)
    assert answer.status == 200
    assert answer.json["id"].startswith("chatcmpl-")
    assert (answer.json["object"], answer.json["model"]) == ("chat.completion", "acme.parrot")
    assert isinstance(answer.json["created"], int)
    assert answer.json["choices"][0]["message"]["content"] == "Hello yourself"
    assert answer.json["usage"]["total_tokens"] > 0
    del request["stream"]
    assert json.loads(sandbox.sent[0].task) == request


async def test_the_execution_is_recorded_like_any_other(
    client: Client, parrot: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    await client.post(CHAT, parrot.tokens["Agent"], json=HELLO)
    entries = await log.of(sandbox.sent[0].id)
    assert [entry["action"] for entry in entries] == ["execution.start", "execution.end"]


async def test_a_plugins_own_report_of_usage_stays_when_it_can_be_true(
    client: Client, parrot: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.guest = says(completion("x" * 40, usage={"prompt_tokens": 100, "completion_tokens": 12}))
    answer = await client.post(CHAT, parrot.tokens["Agent"], json=HELLO)
    assert answer.json["usage"] == {"prompt_tokens": 100, "completion_tokens": 12, "total_tokens": 112}
    sandbox.guest = says(completion("x" * 40, usage={"prompt_tokens": -1, "completion_tokens": 10**12}))
    answer = await client.post(CHAT, parrot.tokens["Agent"], json=HELLO)
    assert 0 < answer.json["usage"]["total_tokens"] < 1000


async def test_a_stream_is_one_chunk_of_text_its_end_and_done(client: Client, parrot: Tenant) -> None:
    request = {**HELLO, "stream": True, "stream_options": {"include_usage": True}}
    answer = await client.post(CHAT, parrot.tokens["Agent"], json=request)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    lines = [line for line in answer.body.decode().split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    text, end, usage = (json.loads(line.removeprefix("data: ")) for line in lines[:-1])
    assert text["object"] == "chat.completion.chunk"
    assert text["choices"][0]["delta"] == {"role": "assistant", "content": "Hello yourself"}
    assert end["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "stop"}
    assert (usage["choices"], usage["usage"]["total_tokens"] > 0) == ([], True)


async def test_texts_are_embedded(client: Client, parrot: Tenant, sandbox: FakeSandbox) -> None:
    sandbox.guest = says({"data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1]}]})
    request = {"model": "acme.parrot", "input": "hello"}
    answer = await client.post("/v1/embeddings", parrot.tokens["Agent"], json=request)
    assert answer.status == 200
    assert answer.json["object"] == "list"
    assert answer.json["data"][0]["embedding"] == [0.5, 1]


async def test_models_are_listed_as_installed_and_enabled(client: Client, parrot: Tenant, deps: Deps) -> None:
    listed = await client.get("/v1/models", parrot.tokens["Viewer"])
    (model,) = listed.json["data"]
    assert (model["id"], model["object"]) == ("acme.parrot", "model")
    off = {"enabled": False}
    await client.post("/api/plugins/acme.parrot/toggle", parrot.tokens["Admin"], json=off)
    assert (await client.get("/v1/models", parrot.tokens["Viewer"])).json["data"] == []
    other = await make_tenant(deps.works, "globex")
    assert (await client.get("/v1/models", other.tokens["Admin"])).json["data"] == []


def error_of(answer: Any) -> tuple[int, str, str]:
    error = answer.json["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    return answer.status, error["type"], error["code"]


@pytest.mark.parametrize("model", ["acme.echo", "acme.nothing", "gpt-4", "", "x" * 5000, "acme.parrot\n"])
async def test_what_is_no_installed_model_is_not_found(client: Client, parrot: Tenant, model: str) -> None:
    answer = await client.post(CHAT, parrot.tokens["Agent"], json={**HELLO, "model": model})
    assert error_of(answer) == (404, "invalid_request_error", "model-not-found")
    assert len(answer.body) < 1000


async def test_another_tenants_model_is_not_found(client: Client, parrot: Tenant, deps: Deps) -> None:
    other = await make_tenant(deps.works, "globex")
    answer = await client.post(CHAT, other.tokens["Agent"], json=HELLO)
    assert error_of(answer) == (404, "invalid_request_error", "model-not-found")


async def test_who_may_not_is_refused_in_the_common_shape_and_recorded(
    client: Client, parrot: Tenant, log: Log
) -> None:
    nobody = await client.post(CHAT, json=HELLO)
    assert error_of(nobody)[:2] == (401, "authentication_error")
    assert "Bearer" in nobody.headers["WWW-Authenticate"]
    wrong = await client.post(CHAT, "aei_" + "x" * 43, json=HELLO)
    assert error_of(wrong)[:2] == (401, "authentication_error")
    viewer = await client.post(CHAT, parrot.tokens["Viewer"], json=HELLO)
    assert error_of(viewer) == (403, "permission_error", "missing-action")
    assert [e["action"] for e in await log.of("plugin.execute")] == ["access.denied"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"model": 5, "messages": [1]}',
        b'{"model": "acme.parrot"}',
        b'{"model": "acme.parrot", "messages": []}',
        b'{"model": "acme.parrot", "messages": [1], "stream": "yes"}',
        b'{"model": "acme.parrot", "messages": [1], "stream_options": 1}',
        b'{"model": "acme.parrot", "messages": ' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
async def test_a_malformed_request_is_refused_in_the_common_shape(
    client: Client, parrot: Tenant, sandbox: FakeSandbox, body: bytes
) -> None:
    answer = await client.post(CHAT, parrot.tokens["Agent"], data=body)
    assert error_of(answer)[:2] in ((400, "invalid_request_error"), (422, "invalid_request_error"))
    assert sandbox.sent == []


async def test_a_request_beyond_the_limit_is_too_large(client: Client, parrot: Tenant) -> None:
    request = {"model": "acme.parrot", "messages": [{"role": "user", "content": "x" * 2_000_000}]}
    answer = await client.post(CHAT, parrot.tokens["Agent"], json=request)
    assert error_of(answer)[0] == 413


@pytest.mark.parametrize(
    "outcome", [Outcome.GUEST_ERROR, Outcome.TRAP, Outcome.WALL_LIMIT, Outcome.DENIED, Outcome.WORKER_LOST]
)
async def test_an_execution_without_an_answer_is_told_with_its_outcome(
    client: Client, parrot: Tenant, sandbox: FakeSandbox, outcome: Outcome
) -> None:
    sandbox.guest = says(None, outcome, problem="it says no")
    answer = await client.post(CHAT, parrot.tokens["Agent"], json={**HELLO, "stream": True})
    assert error_of(answer) == (502, "server_error", "model-failed")
    assert str(outcome) in answer.json["error"]["message"]
    assert sandbox.sent[0].id in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "output",
    [
        "no json",
        "[]",
        {},
        {"choices": []},
        {"choices": "x"},
        {"choices": [{}]},
        {"choices": [{"message": {"content": 5}}]},
        '{"choices": ' + "[" * 200 + "]" * 200 + "}",
    ],
)
async def test_an_output_that_is_no_completion_is_refused(
    client: Client, parrot: Tenant, sandbox: FakeSandbox, output: Any
) -> None:
    sandbox.guest = says(output)
    answer = await client.post(CHAT, parrot.tokens["Agent"], json=HELLO)
    assert error_of(answer) == (502, "server_error", "model-answer-unfit")


async def test_the_same_key_asks_the_plugin_once(
    client: Client, parrot: Tenant, sandbox: FakeSandbox
) -> None:
    for _ in range(2):
        answer = await client.post(
            CHAT, parrot.tokens["Agent"], json=HELLO, headers={"Idempotency-Key": "k1"}
        )
        assert answer.status == 200
    assert len(sandbox.sent) == 1
