"""Secrets over HTTP: values go in and never come out."""

from collections.abc import AsyncIterator

import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_tenant
from tests.serving import Client, serving

CANARY = "canary-77ab-do-not-show"


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


@pytest.fixture
async def client(deps: Deps, urls: DatabaseUrls) -> AsyncIterator[Client]:
    async with serving(create_app(deps, urls.app)) as client:
        yield client


async def test_a_secret_is_put_listed_and_deleted_without_showing_its_value(
    client: Client, acme: Tenant
) -> None:
    token = acme.tokens["Admin"]
    put = await client.send("PUT", "/api/secrets/ACME_KEY", token, json={"value": CANARY})
    listed = await client.get("/api/secrets", token)
    assert put.status == 200
    assert [s["name"] for s in listed.json["items"]] == ["ACME_KEY"]
    assert CANARY.encode() not in put.body + listed.body
    assert (await client.send("DELETE", "/api/secrets/ACME_KEY", token)).status == 204
    assert (await client.send("DELETE", "/api/secrets/ACME_KEY", token)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"value": CANARY * 2_000},
        {"value": ""},
        {"value": [CANARY]},
        {"value": {"deep": CANARY}},
        {"value": CANARY, CANARY: 1},
        {"secret": CANARY},
        CANARY,
    ],
)
async def test_a_refused_value_is_not_repeated_in_the_refusal(
    client: Client, acme: Tenant, body: object
) -> None:
    answer = await client.send("PUT", "/api/secrets/ACME_KEY", acme.tokens["Admin"], json=body)
    assert answer.status == 422
    if not (isinstance(body, dict) and CANARY in body):
        assert CANARY.encode() not in answer.body


@pytest.mark.parametrize("name", ["key", "A-B", "A" * 65, "%00", "A%2FB"])
async def test_a_name_that_is_none_is_refused(client: Client, acme: Tenant, name: str) -> None:
    answer = await client.send("PUT", f"/api/secrets/{name}", acme.tokens["Admin"], json={"value": "x"})
    assert answer.status in (404, 422)


@pytest.mark.parametrize("role", ["ProjectManager", "Agent", "Viewer"])
async def test_who_may_not_is_refused(client: Client, acme: Tenant, role: str) -> None:
    token = acme.tokens[role]
    assert (await client.get("/api/secrets", token)).status == 403
    assert (await client.send("PUT", "/api/secrets/A", token, json={"value": "x"})).status == 403
    assert (await client.send("DELETE", "/api/secrets/A", token)).status == 403
    assert (await client.get("/api/secrets")).status == 401
