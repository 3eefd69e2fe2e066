"""What publishers hear of their plugins' failures: enough to mend them, and nothing of who met them."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.executions import service
from aei_marketplace.executions.rules.failures import LOOKED_BACK, Failure
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.clock import first_id, new_id, utc_now
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Works
from aei_protocol.outcomes import Outcome
from tests.builders import Tenant, make_tenant
from tests.plugins import publish
from tests.serving import Client

_INSERT = text(
    "insert into executions (id, tenant_id, installation_id, plugin_id, version, release_id, actor_id, mode,"
    " owner, trace_id, limits, task_bytes, task_sha256, started_at, ended_at, outcome, problem, permissions,"
    " depth, replay_of) values (:id, :tenant, :id, :plugin, '1.0.0', :id, :id, :mode, :id, 'trace', '{}', 1,"
    " '\\x00', :at, :at, :outcome, 'the customer Jane Doe', cast(:denied as json), 0,"
    " case when :mode = 'replay' then cast(:id as uuid) end)"
)


async def fail(
    works: Works,
    tenant: UUID,
    count: int = 1,
    *,
    plugin: str = "acme.echo",
    outcome: str = "trap",
    mode: str = "sync",
    permission: str | None = None,
    ago: timedelta = timedelta(),
) -> None:
    """Executions in a tenant that ended so, with what must not be told in each."""
    denied = (
        f'{{"denied": [{{"permission": "{permission}", "target": "secret.acme"}}]}}' if permission else "{}"
    )
    async with works.system("tests") as work:
        at = work.now - ago
        for _ in range(count):
            values = {"id": first_id(at) if ago else new_id(), "tenant": tenant, "plugin": plugin}
            values |= {"mode": mode, "at": at, "outcome": outcome, "denied": denied}
            await work.run(_INSERT, values)


async def failures(deps: Deps, tenant: Tenant) -> list[Failure]:
    async with deps.works.begin(tenant.manager) as work:
        return await service.list_failures(work)


async def test_others_are_told_of_once_three_met_the_same_and_only_in_round_numbers(
    deps: Deps, urls: DatabaseUrls, client: Client
):
    acme = await make_tenant(deps.works, "acme")
    others = [await make_tenant(deps.works, slug) for slug in ("globex", "initech", "umbrella")]
    await publish(deps, acme.manager)
    await fail(deps.works, others[0].id, 30)
    await fail(deps.works, others[1].id)
    assert await failures(deps, acme) == []
    await fail(deps.works, acme.id, 2)
    (own,) = await failures(deps, acme)
    assert (own.own, own.elsewhere, own.elsewhere_said) == (2, None, "not told")
    await fail(deps.works, others[2].id, 6)
    await fail(deps.works, others[2].id, 1, outcome="cpu_limit")
    (told,) = await failures(deps, acme)
    assert (told.own, told.elsewhere, told.elsewhere_said) == (2, 30, "30 or more")
    answer = await client.get("/api/publisher/errors", acme.tokens["ProjectManager"])
    assert answer.json["items"][0]["elsewhere"] == 30
    page = await client.get("/publisher/errors", acme.tokens["Admin"], headers={"Accept": "text/html"})
    for body in (answer.body, page.body):
        assert b"acme.echo" in body
        for hidden in (b"Jane", b"globex", b"initech", b"umbrella", str(others[0].id).encode()):
            assert hidden not in body
    assert await failures(deps, others[0]) == []


async def test_what_counts_is_recent_failed_by_itself_and_of_ones_own_plugins(deps: Deps, urls: DatabaseUrls):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await publish(deps, acme.manager)
    await publish(deps, globex.manager, {"id": "globex.echo"})
    await fail(deps.works, acme.id, plugin="globex.echo")
    await fail(deps.works, acme.id, mode="replay")
    await fail(deps.works, acme.id, ago=LOOKED_BACK + timedelta(hours=1))
    for outcome in ("ok", "cancelled", "worker_lost"):
        await fail(deps.works, acme.id, outcome=outcome)
    assert await failures(deps, acme) == []
    await fail(deps.works, acme.id, outcome="denied", permission="secrets")
    await fail(deps.works, acme.id, outcome="denied", permission="somebody's own words")
    assert {(f.outcome, f.permission) for f in await failures(deps, acme)} == {
        ("denied", "secrets"),
        ("denied", None),
    }


async def test_who_does_not_publish_is_refused_and_raw_sql_of_another_tenant_learns_nothing(
    deps: Deps, urls: DatabaseUrls, client: Client
):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await publish(deps, acme.manager)
    await fail(deps.works, acme.id, 5)
    for role in ("Agent", "Viewer"):
        with pytest.raises(MissingAction):
            async with deps.works.begin(acme.actors[role]) as work:
                await service.list_failures(work)
        page = await client.get("/publisher/errors", acme.tokens[role], headers={"Accept": "text/html"})
        assert page.status == 403
    connection = await asyncpg.connect(urls.app)
    try:
        for tenant, seen in ((globex, 0), (acme, 1)):
            await connection.execute(f"set aei.tenant = '{tenant.id}'")
            since = first_id(utc_now() - LOOKED_BACK)
            rows = await connection.fetch("select * from executions_failures($1)", since)
            assert len(rows) == seen
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("elsewhere", "said"), [(None, "not told"), (0, "fewer than 10"), (4000, "4,000 or more")]
)
@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in ("ok", "cancelled", "worker_lost")])
def test_every_failure_says_what_its_author_can_do(elsewhere: int | None, said: str, outcome: str):
    today = utc_now().date()
    failure = Failure("acme.echo", "1.0.0", outcome, None, 1, elsewhere, today, today)
    assert failure.mends
    assert failure.elsewhere_said == said
