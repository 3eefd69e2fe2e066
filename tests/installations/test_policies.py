"""A tenant's policies over HTTP, and what they change for its executions."""

import asyncio
import json

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.audit import read_entry
from aei_marketplace.ground.deps import Deps
from aei_protocol.limits import OPERATOR_CAP
from tests.builders import make_tenant
from tests.fakes import FakeSandbox
from tests.plugins import install, publish
from tests.serving import Client

POLICIES = "/api/policies"


async def entries(urls: DatabaseUrls, action: str) -> list[dict[str, object]]:
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch(
            "select content from audit_entries where action = $1 order by id", action
        )
        return [read_entry(row["content"]) for row in rows]
    finally:
        await connection.close()


async def test_policies_are_changed_part_by_part_and_each_change_is_recorded(
    client: Client, deps: Deps, urls: DatabaseUrls
) -> None:
    acme = await make_tenant(deps.works, "acme")
    admin = acme.tokens["Admin"]
    before = await client.get(POLICIES, admin)
    assert before.json["limits"] == {}
    assert before.json["operator"]["limits"]["cpu_ms"] == OPERATOR_CAP.cpu_ms
    changed = await client.send(
        "PATCH", POLICIES, admin, json={"limits": {"wall_ms": 2000}, "concurrency": 2}
    )
    assert changed.status == 200
    assert changed.json["limits"] == {"wall_ms": 2000}
    assert changed.json["effective"]["concurrency"] == 2
    assert changed.json["effective"]["limits"]["wall_ms"] == 2000
    again = await client.send("PATCH", POLICIES, admin, json={"limits": {"wall_ms": None}})
    assert again.json["limits"] == {}
    assert again.json["concurrency"] == 2
    nothing = await client.send("PATCH", POLICIES, admin, json={"concurrency": 2})
    assert nothing.json == again.json
    assert [e["context"] for e in await entries(urls, "policy.change")] == [
        {"policies": {"concurrency": 2, "limits": {"wall_ms": 2000}}},
        {"policies": {"concurrency": 2}},
    ]


async def test_a_policy_above_the_operator_s_cap_is_kept_and_does_not_hold(
    client: Client, deps: Deps
) -> None:
    acme = await make_tenant(deps.works, "acme")
    wanted = {"limits": {"cpu_ms": 10**9}, "executions_burst": 10**9}
    answer = await client.send("PATCH", POLICIES, acme.tokens["Admin"], json=wanted)
    assert answer.json["limits"] == {"cpu_ms": 10**9}
    assert answer.json["effective"]["limits"]["cpu_ms"] == OPERATOR_CAP.cpu_ms
    assert answer.json["effective"]["executions_burst"] == deps.operator_allowance.executions_burst


@pytest.mark.parametrize("role", ["ProjectManager", "Agent", "Viewer"])
async def test_only_who_administers_policies_reads_and_changes_them(
    client: Client, deps: Deps, role: str
) -> None:
    acme = await make_tenant(deps.works, "acme")
    assert (await client.get(POLICIES, acme.tokens[role])).status == 403
    assert (await client.send("PATCH", POLICIES, acme.tokens[role], json={})).status == 403
    assert (await client.get(POLICIES)).status == 401


@pytest.mark.parametrize(
    "body",
    [b"[]", b'{"limits": 3}', b'{"limits": {"cpu_ms": 0}}', b'{"speed": 1}', b'{"concurrency": true}'],
)
async def test_policies_that_are_not_understood_change_nothing(
    client: Client, deps: Deps, urls: DatabaseUrls, body: bytes
) -> None:
    acme = await make_tenant(deps.works, "acme")
    headers = {"Content-Type": "application/json"}
    answer = await client.send("PATCH", POLICIES, acme.tokens["Admin"], data=body, headers=headers)
    assert answer.status == 422
    assert not await entries(urls, "policy.change")


async def test_one_tenant_s_policies_are_not_another_s(client: Client, deps: Deps) -> None:
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await client.send("PATCH", POLICIES, acme.tokens["Admin"], json={"concurrency": 2})
    assert (await client.get(POLICIES, globex.tokens["Admin"])).json["concurrency"] is None


async def test_two_changes_at_once_are_both_kept(client: Client, deps: Deps) -> None:
    acme = await make_tenant(deps.works, "acme")
    admin = acme.tokens["Admin"]
    changes = [{"concurrency": 2}, {"executions_burst": 3}, {"limits": {"cpu_ms": 4}}]
    await asyncio.gather(*(client.send("PATCH", POLICIES, admin, json=c) for c in changes))
    after = (await client.get(POLICIES, admin)).json
    assert (after["concurrency"], after["executions_burst"], after["limits"]) == (2, 3, {"cpu_ms": 4})


async def test_a_burst_beyond_the_tenant_s_bucket_is_answered_429_and_another_tenant_s_is_not(
    client: Client, deps: Deps, sandbox: FakeSandbox
) -> None:
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await publish(deps, acme.manager)
    for tenant in (acme, globex):
        await install(deps, tenant.admin)
    policy = {"executions_per_minute": 1, "executions_burst": 5}
    await client.send("PATCH", POLICIES, acme.tokens["Admin"], json=policy)

    async def run(token: str) -> tuple[int, str | None, object]:
        answer = await client.post("/api/plugins/acme.echo/execute", token, json={"task": {}})
        return answer.status, answer.headers.get("Retry-After"), answer.json

    answers = await asyncio.gather(*(run(acme.tokens["Agent"]) for _ in range(30)))
    assert sorted(status for status, _, _ in answers) == [200] * 5 + [429] * 25
    refused = [(after, body) for status, after, body in answers if status == 429]
    assert all(after is not None and 1 <= int(after) <= 60 for after, _ in refused)
    assert all("too-fast" in json.dumps(body) for _, body in refused)
    assert len(sandbox.sent) == 5
    assert [s for s, _, _ in await asyncio.gather(*(run(globex.tokens["Agent"]) for _ in range(20)))] == (
        [200] * 20
    )


async def test_a_tenant_s_concurrency_and_limits_reach_the_sandbox(
    client: Client, deps: Deps, sandbox: FakeSandbox
) -> None:
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager)
    await install(deps, acme.admin)
    policy = {"concurrency": 3, "limits": {"bytes_out": 1000, "table_elements": 10}}
    await client.send("PATCH", POLICIES, acme.tokens["Admin"], json=policy)
    await client.post("/api/plugins/acme.echo/execute", acme.tokens["Agent"], json={"task": {}})
    assert sandbox.sent[-1].concurrency == 3
    assert (sandbox.sent[-1].limits.bytes_out, sandbox.sent[-1].limits.table_elements) == (1000, 10)


async def test_a_full_queue_in_the_sandbox_is_answered_429_with_retry_after(
    client: Client, deps: Deps, sandbox: FakeSandbox
) -> None:
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager)
    await install(deps, acme.admin)
    sandbox.refuse = ("busy", "too many executions are waiting")
    answer = await client.post("/api/plugins/acme.echo/execute", acme.tokens["Agent"], json={"task": {}})
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "1"
    assert "nothing ran" in answer.json["detail"]
