"""A guest asks a model: from its import through sandbox, broker and gateway to an endpoint, and back."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from aei_marketplace.vault.service.asking import Gateway
from aei_marketplace.wiring import VaultModels
from tests.adapters.endpoint_server import (
    EndpointServer,
    chunk,
    completion,
    endless,
    endpoint_server,
    event,
    stream,
    whole,
)
from tests.adapters.sandbox_hosts import Secrets, real_host
from tests.builders import Tenant, make_tenant
from tests.executions.conftest import Log, until
from tests.packages import component_wat
from tests.plugins import install, publish
from tests.sandbox.guests import asking
from tests.serving import Client, serving

KEY = "sk-canary-0123456789"
REQUEST = {"model": "small", "messages": [{"role": "user", "content": "hello"}]}
GRANT = {"models": {"chat": ["*"], "embed": [], "max_tokens_per_execution": 1000}}
ASKING = {
    "id": "acme.asker",
    "permissions": {"models": {**GRANT["models"], "reason": "asks"}},
    "limits": {"wall_ms": 60_000},
}
PARROT = {"id": "acme.parrot", "kind": "model"}
LOOPING = {**ASKING, "id": "acme.mirror", "kind": "model"}


@pytest.fixture
async def upstream() -> AsyncIterator[EndpointServer]:
    async with endpoint_server() as server:
        yield server


@pytest.fixture
async def model_endpoints(upstream: EndpointServer) -> AsyncIterator[ModelEndpointClient]:
    client = ModelEndpointClient(upstream.internal)
    yield client
    await client.close()


@pytest.fixture
async def real(deps: Deps, tmp_path: Path) -> AsyncIterator[Deps]:
    """Dependencies with a real sandbox host, and the gateway that the wiring builds."""
    async with real_host(tmp_path):
        models = VaultModels(Gateway(deps.works, deps.master_key, deps.model_endpoints, deps.plugin_models))
        client = SandboxClient(tmp_path / "s", Secrets(), models)
        yield replace(deps, sandbox=client)
        await client.close()


@pytest.fixture
async def client(real: Deps, urls: DatabaseUrls) -> AsyncIterator[Client]:
    async with serving(create_app(real, urls.app)) as client:
        yield client


@pytest.fixture
async def acme(real: Deps, client: Client, upstream: EndpointServer) -> Tenant:
    """A tenant with an endpoint, and with a guest that asks what its task says."""
    tenant = await make_tenant(real.works, "acme")
    await publish(real, tenant.manager, ASKING, wat=asking())
    await publish(real, tenant.manager, PARROT, wat=component_wat(json.dumps(completion("parrot"))))
    await publish(real, tenant.manager, LOOPING, wat=asking())
    for plugin_id in ("acme.asker", "acme.mirror"):
        assert (await install(real, tenant.admin, plugin_id, grants=GRANT)).state == "succeeded"
    assert (await install(real, tenant.admin, "acme.parrot")).state == "succeeded"
    document = {"kind": "chat", "base_url": upstream.base_url, "models": {"small": "up"}, "key": KEY}
    kept = await client.send("PUT", "/api/model-endpoints/main", tenant.tokens["Admin"], json=document)
    assert kept.status == 200
    return tenant


async def run(
    client: Client, tenant: Tenant, request: Any = REQUEST, plugin: str = "acme.asker", **body: Any
) -> dict[str, Any]:
    path = f"/api/plugins/{plugin}/execute"
    answer = await client.post(path, tenant.tokens["Agent"], json={"task": request, **body})
    assert answer.status in (200, 202), answer.body
    document: dict[str, Any] = answer.json
    return document


async def test_a_guest_is_answered_by_its_tenants_endpoint(
    client: Client, acme: Tenant, upstream: EndpointServer, log: Log
) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    upstream.behaviour = stream(
        chunk("Hello"), chunk(" you", finish="stop"), event({"choices": [], "usage": usage})
    )
    ended = await run(client, acme)
    assert ended["outcome"] == "ok"
    assert ended["output"]["choices"][0]["message"]["content"] == "Hello you"
    assert ended["output"]["model"] == "small"
    assert ended["usage"]["tokens"] == 13
    assert ended["permissions"] == {"used": ["models"], "denied": [], "more_denied": 0}
    (asked,) = upstream.asked
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert (asked.body["model"], asked.body["max_tokens"] < 1000) == ("up", True)
    assert [e["action"] for e in await log.of(ended["id"])] == ["execution.start", "execution.end"]


async def test_what_an_endpoint_leaks_reaches_neither_guest_nor_log(
    client: Client, acme: Tenant, upstream: EndpointServer, urls: DatabaseUrls
) -> None:
    upstream.behaviour = whole({"error": {"message": f"no such key {KEY}"}}, 401)
    ended = await run(client, acme)
    assert ended["outcome"] == "guest_error"
    assert "401" in ended["problem"]
    assert KEY not in json.dumps(ended)
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch("select content from audit_entries")
        assert all(KEY.encode() not in row["content"] for row in rows)
    finally:
        await connection.close()


async def test_a_model_that_the_tenant_does_not_offer_is_denied_and_named(
    client: Client, acme: Tenant, upstream: EndpointServer, log: Log
) -> None:
    ended = await run(client, acme, {**REQUEST, "model": "large"})
    assert ended["outcome"] == "denied"
    assert ended["permissions"]["denied"] == [{"permission": "models", "target": "large", "count": 1}]
    assert upstream.asked == []
    assert [e["action"] for e in await log.of(ended["id"])].count("permission.denied") == 1


async def test_another_tenants_guest_finds_no_endpoint(
    client: Client, real: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    globex = await make_tenant(real.works, "globex")
    assert (await install(real, globex.admin, "acme.asker", grants=GRANT)).state == "succeeded"
    assert (await run(client, globex))["outcome"] == "denied"
    assert upstream.asked == []


async def test_a_guest_without_the_grant_is_denied(
    client: Client, real: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    globex = await make_tenant(real.works, "globex")
    assert (await install(real, globex.admin, "acme.asker", grants={})).state == "succeeded"
    ended = await run(client, globex)
    assert (ended["outcome"], upstream.asked) == ("denied", [])


async def test_an_endless_answer_ends_at_the_budget_of_the_execution(
    client: Client, acme: Tenant, upstream: EndpointServer
) -> None:
    upstream.behaviour = endless(chunk("0123456789"))
    ended = await run(client, acme)
    assert ended["outcome"] == "ok"
    assert ended["output"]["choices"][0]["finish_reason"] == "length"
    assert ended["usage"]["tokens"] == 1000
    await asyncio.wait_for(upstream.left.wait(), 20)


async def test_the_end_of_an_execution_hangs_up_on_its_model(
    client: Client, acme: Tenant, upstream: EndpointServer
) -> None:
    upstream.behaviour = stream(chunk("Hel"), 120.0)
    started = await run(client, acme, mode="async")
    await until(lambda: bool(upstream.asked), seconds=30)
    await client.post(f"/api/executions/{started['id']}/cancel", acme.tokens["Agent"])
    await asyncio.wait_for(upstream.left.wait(), 30)


async def test_a_guest_is_answered_by_an_installed_plugin_in_an_execution_of_its_own(
    client: Client, acme: Tenant, upstream: EndpointServer, log: Log
) -> None:
    ended = await run(client, acme, {**REQUEST, "model": "acme.parrot"})
    assert ended["outcome"] == "ok", ended
    assert ended["output"]["choices"][0]["message"]["content"] == "parrot"
    assert ended["output"]["model"] == "acme.parrot"
    assert ended["usage"]["tokens"] > 0
    assert upstream.asked == []
    listed = await client.get("/api/executions?plugin=acme.parrot", acme.tokens["Agent"])
    (inner,) = listed.json["items"]
    start, end = await log.of(inner["id"])
    assert (start["action"], end["action"]) == ("execution.start", "execution.end")
    assert start["context"]["called_by"] == ended["id"]  # type: ignore[index]


async def test_a_plugin_that_asks_itself_as_a_model_is_denied(
    client: Client, acme: Tenant, upstream: EndpointServer
) -> None:
    ended = await run(client, acme, {**REQUEST, "model": "acme.mirror"}, plugin="acme.mirror")
    assert ended["outcome"] == "denied"
    listed = await client.get("/api/executions?plugin=acme.mirror", acme.tokens["Agent"])
    assert listed.json["total"] == 1


async def test_an_installed_plugin_of_another_kind_is_no_model(
    client: Client, acme: Tenant, upstream: EndpointServer
) -> None:
    ended = await run(client, acme, {**REQUEST, "model": "acme.asker"}, plugin="acme.mirror")
    assert ended["outcome"] == "denied"


async def test_an_installed_plugin_answers_callers_in_the_common_api(client: Client, acme: Tenant) -> None:
    request = {**REQUEST, "model": "acme.parrot"}
    answer = await client.post("/v1/chat/completions", acme.tokens["Agent"], json=request)
    assert answer.json["choices"][0]["message"]["content"] == "parrot"
