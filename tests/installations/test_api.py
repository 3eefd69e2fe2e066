"""Installations over HTTP, on the real application."""

from collections.abc import AsyncIterator

import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations.rules.admission import NOT_CERTIFIED
from tests.builders import Tenant
from tests.plugins import publish, work_off
from tests.serving import Client, serving

BASE = "/api/plugins/acme.echo"


@pytest.fixture
async def client(deps: Deps, urls: DatabaseUrls) -> AsyncIterator[Client]:
    async with serving(create_app(deps, urls.app)) as client:
        yield client


async def test_a_plugin_is_installed_changed_switched_and_removed(
    client: Client, deps: Deps, globex: Tenant
) -> None:
    token = globex.tokens["ProjectManager"]
    asked = await client.post(f"{BASE}/install", token, json={"grants": {"secrets": {"names": ["ACME_KEY"]}}})
    assert asked.status == 202
    assert asked.json["state"] == "queued"
    assert asked.json["not_granted"] == {"network": {"hosts": ["*.data.example:8443", "api.acme.example"]}}
    assert asked.headers["Location"] == f"/api/operations/{asked.json['id']}"
    await work_off(deps)
    operation = await client.get(asked.headers["Location"], token)
    assert operation.json["state"] == "succeeded"

    listed = await client.get("/api/plugins/installations", token)
    assert listed.json["total"] == 1
    found = listed.json["items"][0]
    assert found["plugin_id"] == "acme.echo"
    assert found["grants"] == {"secrets": {"names": ["ACME_KEY"]}}
    assert {"id", "version", "enabled", "config", "policy", "update_available"} <= set(found)

    read = await client.get(f"{BASE}/installation", token)
    etag = read.headers["ETag"]
    changed = await client.send(
        "PATCH", f"{BASE}/installation", token, json={"grants": {}}, headers={"If-Match": etag}
    )
    assert (changed.status, changed.json["grants"]) == (200, {})
    stale = await client.send(
        "PATCH", f"{BASE}/installation", token, json={"grants": {}}, headers={"If-Match": etag}
    )
    assert stale.status == 412

    off = await client.post(f"{BASE}/toggle", token, json={"enabled": False})
    assert (off.status, off.json["enabled"]) == (200, False)
    refused = await client.post(f"{BASE}/execute", token, json={"task": {}})
    assert refused.status == 409

    gone = await client.post(f"{BASE}/uninstall", token, json={})
    assert gone.status == 202
    await work_off(deps)
    assert (await client.get("/api/plugins/installations", token)).json["items"] == []
    assert (await client.post(f"{BASE}/execute", token, json={"task": {}})).status == 404


async def test_a_request_without_a_body_installs_the_newest(
    client: Client, deps: Deps, globex: Tenant
) -> None:
    asked = await client.post(f"{BASE}/install", globex.tokens["Admin"])
    assert asked.status == 202
    await work_off(deps)
    read = await client.get(f"{BASE}/installation", globex.tokens["Viewer"])
    assert read.json["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{BASE}/install", {"grants": {"network": {"hosts": ["evil.example"]}}}, 422),
        (f"{BASE}/install", {"grants": {"root": {}}}, 422),
        (f"{BASE}/install", {"config": {"tone": 7}}, 422),
        (f"{BASE}/install", {"version": "not a version"}, 404),
        (f"{BASE}/install", {"channel": "nightly"}, 422),
        (f"{BASE}/install", {"unknown": 1}, 422),
        (f"{BASE}/install", [1], 422),
        ("/api/plugins/acme.missing/install", {}, 404),
        ("/api/plugins/no%00name/install", {}, 404),
        (f"{BASE}/update", {}, 404),
        (f"{BASE}/uninstall", {}, 404),
        (f"{BASE}/uninstall", {"purge": "yes"}, 422),
        (f"{BASE}/toggle", {"enabled": True}, 404),
        (f"{BASE}/toggle", {"enabled": 1}, 422),
        (f"{BASE}/toggle", {}, 422),
    ],
)
async def test_what_can_be_known_to_be_wrong_is_said_at_once(
    client: Client, globex: Tenant, path: str, body: object, status: int
) -> None:
    answer = await client.post(path, globex.tokens["Admin"], json=body)
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("action", ["install", "update", "uninstall", "toggle"])
async def test_who_may_not_install_is_refused(client: Client, globex: Tenant, action: str) -> None:
    body = {"enabled": True} if action == "toggle" else {}
    for role in ("Agent", "Viewer"):
        assert (await client.post(f"{BASE}/{action}", globex.tokens[role], json=body)).status == 403
    assert (await client.post(f"{BASE}/{action}", json=body)).status == 401


async def test_a_plan_is_read_and_carried_out_as_it_was_agreed_to(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.user", "dependencies": {"acme.echo": "^1.0.0"}})
    token, user = globex.tokens["ProjectManager"], "/api/plugins/acme.user"
    plan = await client.get(f"{user}/plan", globex.tokens["Viewer"])
    assert (plan.status, plan.json["present"], plan.json["problem"]) == (200, None, None)
    [step] = plan.json["steps"]
    assert (step["action"], step["plugin_id"], step["version"]) == ("install", "acme.echo", "1.0.0")
    assert (step["needed_by"], set(step["permissions"])) == (["acme.user 1.0.0"], {"network", "secrets"})
    assert (await client.get(f"{user}/plan")).status == 401

    alone = {"dependencies": {}}
    changed = await client.post(f"{user}/install", token, json=alone)
    assert (changed.status, changed.json["type"].rpartition("/")[2]) == (409, "plan-changed")
    along = {"acme.echo": {"version": "1.0.0", "grants": {"secrets": {"names": ["ACME_KEY"]}}}}
    asked = await client.post(f"{user}/install", token, json={"dependencies": along})
    assert (asked.status, asked.json["warnings"]) == (202, [NOT_CERTIFIED])
    await work_off(deps)
    listed = await client.get("/api/plugins/installations", token)
    assert {i["plugin_id"]: i["grants"] for i in listed.json["items"]} == {
        "acme.echo": {"secrets": {"names": ["ACME_KEY"]}},
        "acme.user": {},
    }
    gone = await client.post(f"{BASE}/uninstall", token, json={})
    assert gone.json["warnings"] == ["acme.user 1.0.0 needs acme.echo ^1.0.0; without it those calls fail."]


@pytest.mark.parametrize(
    "dependencies",
    [
        [],
        "acme.echo",
        {"acme.echo": "1.0.0"},
        {"acme.echo": {"grants": {}}},
        {"acme.echo": {"version": "x" * 65}},
        {"acme.echo": {"version": "1.0.0", "pinned": True}},
        {f"acme.x{n}": {"version": "1.0.0"} for n in range(101)},
    ],
)
async def test_what_is_no_agreement_to_a_plan_is_refused(
    client: Client, globex: Tenant, dependencies: object
) -> None:
    body = {"dependencies": dependencies}
    refused = await client.post(f"{BASE}/install", globex.tokens["Admin"], json=body)
    assert refused.status == 422


async def test_an_installation_is_pinned_to_its_version_and_let_go_again(
    client: Client, deps: Deps, globex: Tenant
) -> None:
    token = globex.tokens["Admin"]
    await client.post(f"{BASE}/install", token)
    await work_off(deps)
    for pinned in (True, False):
        changed = await client.send("PATCH", f"{BASE}/installation", token, json={"pinned": pinned})
        assert (changed.status, changed.json["pinned"]) == (200, pinned)
    refused = await client.send("PATCH", f"{BASE}/installation", token, json={"pinned": "yes"})
    assert refused.status == 422
