"""Model endpoints from their administration to a guest's answer, over a real server on loopback."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import ModelCall, ModelReply
from aei_marketplace.ground.sealing import SealBroken
from aei_marketplace.vault import service
from aei_marketplace.vault.service.asking import Gateway
from tests.adapters.endpoint_server import EndpointServer, completion, embeddings, endpoint_server, whole
from tests.builders import Tenant, make_tenant
from tests.serving import Client

KEY = "sk-canary-0123456789"
PATH = "/api/model-endpoints"


@pytest.fixture
async def upstream() -> AsyncIterator[EndpointServer]:
    async with endpoint_server() as upstream:
        upstream.behaviour = whole(completion())
        yield upstream


@pytest.fixture
async def model_endpoints(upstream: EndpointServer) -> AsyncIterator[ModelEndpointClient]:
    client = ModelEndpointClient(upstream.internal)
    yield client
    await client.close()


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


def body(upstream: EndpointServer, **more: Any) -> dict[str, Any]:
    return {"kind": "chat", "base_url": upstream.base_url, "models": {"small": "up"}, "key": KEY, **more}


async def put(
    client: Client, tenant: Tenant, document: dict[str, Any], name: str = "main", **rest: Any
) -> Any:
    return await client.send("PUT", f"{PATH}/{name}", tenant.tokens["Admin"], json=document, **rest)


async def ask(deps: Deps, tenant: Tenant, **more: Any) -> ModelReply:
    messages = [{"role": "user", "content": "hello"}]
    question = more.pop("question", {"model": "small", "messages": messages, **more.pop("request", {})})
    values: dict[str, Any] = {
        "execution": str(uuid4()),
        "tenant": str(tenant.id),
        "kind": "chat",
        "granted": ("*",),
        "request": json.dumps(question),
        "tokens_left": 1000,
        **more,
    }
    gateway = Gateway(deps.works, deps.master_key, deps.model_endpoints, deps.plugin_models)
    return await service.answer_model(gateway, ModelCall(**values))


async def test_a_kept_endpoint_answers_a_guest_with_the_tenants_key(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    kept = await put(client, acme, body(upstream))
    assert kept.status == 200
    assert kept.json["has_key"] is True
    reply = await ask(deps, acme)
    assert reply.code is None
    assert upstream.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert upstream.asked[0].body["model"] == "up"


async def test_the_key_comes_out_nowhere(
    client: Client, acme: Tenant, upstream: EndpointServer, urls: DatabaseUrls
) -> None:
    await put(client, acme, body(upstream))
    token = acme.tokens["Admin"]
    answers = [
        await put(client, acme, body(upstream, models={"small": "other"})),
        await client.get(PATH, token),
        await client.get(f"{PATH}/main", token),
        await client.post(f"{PATH}/main/test", token),
        await put(client, acme, body(upstream, key=KEY + "\n")),
    ]
    assert all(KEY.encode() not in answer.body for answer in answers)
    connection = await asyncpg.connect(urls.owner)
    try:
        for query in ("select content from audit_entries", "select key_sealed from model_endpoints"):
            rows = await connection.fetch(query)
            assert rows
            assert all(KEY.encode() not in row[0] for row in rows)
    finally:
        await connection.close()


async def test_a_key_stays_when_left_out_and_goes_when_null(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    await put(client, acme, body(upstream))
    without = body(upstream, models={"small": "new"})
    del without["key"]
    assert (await put(client, acme, without)).json["has_key"] is True
    await ask(deps, acme)
    assert upstream.asked[-1].headers["Authorization"] == f"Bearer {KEY}"
    assert (await put(client, acme, body(upstream, key=None))).json["has_key"] is False
    await ask(deps, acme)
    assert "Authorization" not in upstream.asked[-1].headers


async def test_a_key_is_not_sent_to_another_host_by_changing_the_url(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    await put(client, acme, body(upstream))
    elsewhere = body(upstream, base_url="https://evil.example/v1")
    del elsewhere["key"]
    refused = await put(client, acme, elsewhere)
    assert refused.status == 422
    assert refused.json["errors"][0]["pointer"] == "/key"
    moved = body(upstream, base_url=upstream.base_url + "/other/path")
    del moved["key"]
    assert (await put(client, acme, moved)).json["has_key"] is True


async def test_an_endpoint_is_tested_with_a_tiny_request(
    client: Client, acme: Tenant, upstream: EndpointServer
) -> None:
    await put(client, acme, body(upstream, enabled=False))
    fine = await client.post(f"{PATH}/main/test", acme.tokens["Admin"])
    assert (fine.status, fine.json["ok"], fine.json["model"]) == (200, True, "small")
    assert fine.json["tokens"] > 0
    assert upstream.asked[0].body["max_tokens"] == 16
    upstream.behaviour = whole({"error": {"message": f"bad key {KEY}"}}, 401)
    broken = await client.post(f"{PATH}/main/test", acme.tokens["Admin"])
    assert (broken.json["ok"], broken.json["code"]) == (False, "failed")
    assert "401" in broken.json["message"]
    assert KEY not in broken.json["message"]


async def test_endpoints_are_listed_read_and_deleted(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    token = acme.tokens["Admin"]
    await put(client, acme, body(upstream))
    await put(client, acme, body(upstream, kind="embed"), "vectors")
    listed = await client.get(PATH, token)
    assert ([e["name"] for e in listed.json["items"]], listed.json["total"]) == (["main", "vectors"], 2)
    assert (await client.send("DELETE", f"{PATH}/main", token)).status == 204
    assert (await client.get(f"{PATH}/main", token)).status == 404
    assert (await client.send("DELETE", f"{PATH}/main", token)).status == 404
    assert (await ask(deps, acme)).code == "denied"


async def test_a_change_that_is_based_on_another_state_is_refused(
    client: Client, acme: Tenant, upstream: EndpointServer
) -> None:
    first = await put(client, acme, body(upstream))
    stale = {"If-Match": first.headers["ETag"]}
    assert (await put(client, acme, body(upstream), headers=stale)).status == 200
    assert (await put(client, acme, body(upstream), headers=stale)).status == 412
    gone = await client.send("DELETE", f"{PATH}/main", acme.tokens["Admin"], headers=stale)
    assert gone.status == 412


async def test_a_models_name_is_given_once(client: Client, acme: Tenant, upstream: EndpointServer) -> None:
    await put(client, acme, body(upstream))
    taken = await put(client, acme, body(upstream), "other")
    assert (taken.status, taken.json["type"]) == (409, "/problems/model-name-taken")
    assert (await put(client, acme, body(upstream, kind="embed"), "other")).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "image"},
        {"base_url": "http://foreign.example/v1"},
        {"base_url": "https://127.0.0.1/v1"},
        {"models": {}},
        {"models": {"*": "up"}},
        {"models": {"small": 5}},
        {"key": ""},
        {"key": "two words"},
        {"enabled": "yes"},
        {"unknown": 1},
    ],
)
async def test_an_endpoint_that_cannot_be_kept_is_refused(
    client: Client, acme: Tenant, upstream: EndpointServer, change: dict[str, Any]
) -> None:
    refused = await put(client, acme, body(upstream, **change))
    assert refused.status == 422
    assert KEY.encode() not in refused.body
    assert (await client.get(PATH, acme.tokens["Admin"])).json["total"] == 0


@pytest.mark.parametrize("role", ["ProjectManager", "Agent", "Viewer"])
async def test_who_may_not_administer_secrets_sees_and_changes_nothing(
    client: Client, acme: Tenant, upstream: EndpointServer, role: str
) -> None:
    await put(client, acme, body(upstream))
    token = acme.tokens[role]
    answers = [
        await client.get(PATH, token),
        await client.get(f"{PATH}/main", token),
        await client.send("PUT", f"{PATH}/main", token, json=body(upstream)),
        await client.send("DELETE", f"{PATH}/main", token),
        await client.post(f"{PATH}/main/test", token),
    ]
    assert [answer.status for answer in answers] == [403] * 5
    assert upstream.asked == []


async def test_a_tenant_neither_sees_nor_uses_anothers_endpoint(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer, urls: DatabaseUrls
) -> None:
    await put(client, acme, body(upstream))
    globex = await make_tenant(deps.works, "globex")
    assert (await client.get(PATH, globex.tokens["Admin"])).json["total"] == 0
    assert (await client.get(f"{PATH}/main", globex.tokens["Admin"])).status == 404
    assert (await ask(deps, globex)).code == "denied"
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
            assert await connection.fetch("select * from model_endpoints") == []
            changed = await connection.execute("update model_endpoints set enabled = false")
            assert changed == "UPDATE 0"
    finally:
        await connection.close()
    assert (await ask(deps, acme)).code is None


async def test_a_row_copied_to_another_tenant_does_not_open(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    await put(client, acme, body(upstream))
    await put(client, globex, body(upstream, key="sk-of-globex"), "own")
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(
            "update model_endpoints g set key_sealed = a.key_sealed, key_nonce = a.key_nonce"
            " from model_endpoints a where g.tenant_id = $1 and a.tenant_id = $2",
            globex.id,
            acme.id,
        )
    finally:
        await connection.close()
    with pytest.raises(SealBroken):
        await ask(deps, globex)
    assert upstream.asked == []


# What a guest hears.


async def test_a_model_that_is_not_granted_or_not_offered_is_denied(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    await put(client, acme, body(upstream))
    assert (await ask(deps, acme, granted=("large",))).code == "denied"
    assert (await ask(deps, acme, request={"model": "large"})).code == "denied"
    assert upstream.asked == []


async def test_a_malformed_request_reaches_nobody(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    await put(client, acme, body(upstream))
    assert (await ask(deps, acme, request={"tools": []})).code == "invalid"
    assert upstream.asked == []


async def test_a_prompt_beyond_the_budget_is_not_sent_and_max_tokens_is_forced_within_it(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    await put(client, acme, body(upstream))
    long = {"messages": [{"role": "user", "content": "x" * 4000}]}
    assert (await ask(deps, acme, request=long)).code == "budget"
    assert upstream.asked == []
    assert (await ask(deps, acme, request={"max_tokens": 10**6}, tokens_left=100)).code is None
    assert upstream.asked[0].body["max_tokens"] < 100


async def test_texts_are_embedded_by_the_endpoint_of_that_kind(
    client: Client, deps: Deps, acme: Tenant, upstream: EndpointServer
) -> None:
    await put(client, acme, body(upstream, kind="embed"))
    upstream.behaviour = whole(embeddings([1.0, 2.0]))
    assert (await ask(deps, acme, kind="embed")).code == "invalid"
    reply = await ask(deps, acme, kind="embed", question={"model": "small", "input": "hello"})
    assert reply.response is not None
    assert json.loads(reply.response)["data"][0]["embedding"] == [1.0, 2.0]
