"""Executions over HTTP, on the real application."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from aei_protocol.outcomes import Outcome
from tests.builders import Tenant, make_tenant
from tests.executions.conftest import Log
from tests.fakes import FakeSandbox, ended
from tests.plugins import install, publish
from tests.serving import Client, serving

EXECUTE = "/api/plugins/acme.echo/execute"


@pytest.fixture
async def client(deps: Deps, urls: DatabaseUrls, acme: Tenant) -> AsyncIterator[Client]:
    """The application, with `acme.echo` installed in acme."""
    async with serving(create_app(deps, urls.app)) as client:
        yield client


async def test_an_execution_answers_with_the_shape_of_the_interface(client: Client, acme: Tenant) -> None:
    answer = await client.post(EXECUTE, acme.tokens["Agent"], json={"task": {"text": "hello"}})
    assert answer.status == 200
    assert answer.json["outcome"] == "ok"
    assert answer.json["output"] == {"text": "hello"}
    assert answer.json["plugin_id"] == "acme.echo"
    assert answer.json["version"] == "1.0.0"
    assert set(answer.json["usage"]) == {
        "cpu_ms",
        "wall_ms",
        "peak_memory_bytes",
        "host_calls",
        "bytes_in",
        "bytes_out",
        "tokens",
    }
    assert answer.json["permissions"] == {"used": [], "denied": [], "more_denied": 0}
    assert answer.json["walls"] == ["seccomp", "landlock", "rlimits"]
    read = await client.get(f"/api/executions/{answer.json['id']}", acme.tokens["Agent"])
    assert read.json == answer.json


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"task": nope}', 400),
        (b'{"task": "\xff"}', 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"task": {}, "mode": "later"}', 422),
        (b'{"task": {}, "unknown": 1}', 422),
        (b'{"task": {}, "limits": {"cpu_ms": "1"}}', 422),
        (b'{"task": {}, "limits": {"cpu_ms": true}}', 422),
        (b'{"task": {}, "limits": {"speed": 3}}', 422),
        (b'{"task": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", 422),
        (b'{"task": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}", 422),
    ],
)
async def test_a_body_that_describes_no_execution_is_refused(
    client: Client, acme: Tenant, sandbox: FakeSandbox, body: bytes, status: int
) -> None:
    answer = await client.post(
        EXECUTE, acme.tokens["Agent"], data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not sandbox.sent


async def test_a_body_larger_than_any_task_is_refused_unread(
    client: Client, acme: Tenant, sandbox: FakeSandbox
) -> None:
    body = b'{"task": "' + b"x" * (9 * 1024 * 1024) + b'"}'
    answer = await client.post(EXECUTE, acme.tokens["Agent"], data=body)
    assert answer.status == 413
    assert not sandbox.sent


async def test_a_task_that_does_not_fit_the_input_schema_is_refused_with_pointers(
    client: Client, deps: Deps, acme: Tenant, sandbox: FakeSandbox
) -> None:
    schema = {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string"}},
        "additionalProperties": False,
    }
    await publish(deps, acme.manager, {"id": "acme.strict", "input_schema": schema})
    await install(deps, acme.admin, "acme.strict")
    answer = await client.post(
        "/api/plugins/acme.strict/execute", acme.tokens["Agent"], json={"task": {"text": 5}}
    )
    assert answer.status == 422
    assert [e["pointer"] for e in answer.json["errors"]] == ["/task/text"]
    assert not sandbox.sent


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ('{"a": 1}', {"a": 1}),
        ("plain words", "plain words"),
        ('{"broken": ', '{"broken": '),
        ("12345678901234567890123", 12345678901234567890123),
        ("[" * 5_000 + "]" * 5_000, "[" * 5_000 + "]" * 5_000),
        ("with \x00 in it", "with \x00 in it"),
        ("NaN", "NaN"),
        (None, None),
    ],
)
async def test_output_is_json_where_it_is_json_and_text_where_it_is_not(
    client: Client, acme: Tenant, sandbox: FakeSandbox, output: str | None, shown: object
) -> None:
    sandbox.guest = lambda _, task, __: ended(task, output=output)
    answer = await client.post(EXECUTE, acme.tokens["Agent"], json={"task": {}})
    assert answer.json["output"] == shown
    read = await client.get(f"/api/executions/{answer.json['id']}", acme.tokens["Agent"])
    assert read.json["output"] == shown


async def test_an_asynchronous_execution_can_be_followed_to_its_end(
    client: Client, acme: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.hold = asyncio.Event()
    answer = await client.post(EXECUTE, acme.tokens["Agent"], json={"task": {"n": 1}, "mode": "async"})
    assert answer.status == 202
    assert answer.json["outcome"] is None
    assert answer.headers["Location"] == f"/api/executions/{answer.json['id']}"
    following = asyncio.create_task(
        client.get(f"/api/executions/{answer.json['id']}/events", acme.tokens["Agent"])
    )
    await asyncio.sleep(0.2)
    sandbox.hold.set()
    events = read_events((await following).body)
    # Who comes late hears the log first, and then how far it is.
    assert [kind for kind, _ in events[-1:]] == ["end"]
    assert dict(events[:-1]) == {
        "progress": {"fraction": 0.5, "message": "half"},
        "log": {"at_ms": 1, "level": "info", "message": "working"},
    }
    assert events[-1][1]["outcome"] == "ok"
    log = await client.get(f"/api/executions/{answer.json['id']}/log", acme.tokens["Agent"])
    assert log.json["items"] == [{"at_ms": 1, "level": "info", "message": "working"}]


async def test_an_agent_sees_its_own_executions_only(client: Client, acme: Tenant) -> None:
    made = await client.post(EXECUTE, acme.tokens["Admin"], json={"task": {}})
    path = f"/api/executions/{made.json['id']}"
    for rest in ("", "/log", "/events"):
        assert (await client.get(path + rest, acme.tokens["Agent"])).status == 404
    assert (await client.post(path + "/cancel", acme.tokens["Agent"])).status == 404
    assert (await client.get("/api/executions", acme.tokens["Agent"])).json["total"] == 0
    assert (await client.get("/api/executions", acme.tokens["Viewer"])).json["total"] == 1
    assert (await client.get(path, acme.tokens["Viewer"])).status == 200


async def test_another_tenant_sees_nothing_of_an_execution(client: Client, deps: Deps, acme: Tenant) -> None:
    globex = await make_tenant(deps.works, "globex")
    made = await client.post(EXECUTE, acme.tokens["Admin"], json={"task": {}})
    assert (await client.get(f"/api/executions/{made.json['id']}", globex.tokens["Admin"])).status == 404
    assert (await client.get("/api/executions", globex.tokens["Admin"])).json["items"] == []


async def test_executions_are_listed_newest_first_in_pages_and_filtered(
    client: Client, acme: Tenant, sandbox: FakeSandbox
) -> None:
    token = acme.tokens["Agent"]
    made = [(await client.post(EXECUTE, token, json={"task": {}})).json["id"] for _ in range(3)]
    sandbox.guest = lambda _, task, __: ended(task, Outcome.TRAP, problem="unreachable")
    trapped = (await client.post(EXECUTE, token, json={"task": {}})).json["id"]
    first = (await client.get("/api/executions?limit=2", token)).json
    rest = (await client.get(f"/api/executions?limit=2&cursor={first['next_cursor']}", token)).json
    assert [e["id"] for e in first["items"] + rest["items"]] == [trapped, *reversed(made)]
    assert first["total"] == 4
    assert rest["next_cursor"] is None
    found = (await client.get("/api/executions?outcome=trap&plugin=acme.echo", token)).json
    assert [e["id"] for e in found["items"]] == [trapped]
    assert (await client.get("/api/executions?plugin=acme.other", token)).json["items"] == []
    assert (await client.get("/api/executions?outcome=splendid", token)).status == 422
    assert (await client.get("/api/executions?cursor=WzFd", token)).status == 422
    assert (await client.get("/api/executions?plugin=%00", token)).status == 422


async def test_executions_are_filtered_by_who_started_them_and_when(client: Client, acme: Tenant) -> None:
    for role in ("Agent", "Admin", "Admin"):
        await client.post(EXECUTE, acme.tokens[role], json={"task": {}})

    async def total(query: str) -> int:
        return (await client.get(f"/api/executions?{query}", acme.tokens["Admin"])).json["total"]

    assert await total(f"actor={acme.agent.id}") == 1
    assert await total(f"actor={acme.admin.id}&outcome=ok") == 2
    assert await total("outcome=failed") == 0
    assert await total("since=2020-01-01T00:00:00Z") == 3
    assert await total("since=0001-01-01T00:00:00Z") == 3
    assert await total("since=9999-01-01T00:00:00Z") == 0
    newest = (await client.get("/api/executions?limit=1", acme.tokens["Admin"])).json["items"][0]
    assert await total("since=" + newest["started_at"].replace("+", "%2B")) == 1
    for wrong in ("since=yesterday", "since=2020-01-01T00:00:00", "actor=me"):
        assert (await client.get(f"/api/executions?{wrong}", acme.tokens["Admin"])).status == 422


async def test_who_may_not_execute_is_refused_and_the_denial_recorded(
    client: Client, acme: Tenant, sandbox: FakeSandbox, log: Log
) -> None:
    answer = await client.post(EXECUTE, acme.tokens["Viewer"], json={"task": {}})
    assert answer.status == 403
    assert [e["action"] for e in await log.of("plugin.execute")] == ["access.denied"]
    assert (await client.post(EXECUTE, json={"task": {}})).status == 401
    assert not sandbox.sent


async def test_an_idempotency_key_runs_a_task_once(
    client: Client, acme: Tenant, sandbox: FakeSandbox
) -> None:
    headers = {"Idempotency-Key": "one"}
    answers = [
        await client.post(EXECUTE, acme.tokens["Agent"], json={"task": {}}, headers=headers) for _ in range(2)
    ]
    assert answers[0].json == answers[1].json
    assert len(sandbox.sent) == 1


async def test_what_never_started_may_be_tried_again(
    client: Client, acme: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.gone = True
    answer = await client.post(EXECUTE, acme.tokens["Agent"], json={"task": {}})
    assert answer.status == 503
    assert answer.json["retry"] is True
    assert "Retry-After" in answer.headers


async def test_what_has_ended_cannot_be_cancelled(client: Client, acme: Tenant) -> None:
    made = await client.post(EXECUTE, acme.tokens["Agent"], json={"task": {}})
    answer = await client.post(f"/api/executions/{made.json['id']}/cancel", acme.tokens["Agent"])
    assert answer.status == 409


def read_events(body: bytes) -> list[tuple[str, dict]]:
    events = []
    for block in body.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            events.append((lines["event"], json.loads(lines["data"])))
    return events
