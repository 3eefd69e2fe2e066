"""What the application's role sees of notices in raw SQL, whatever a service forgets."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service
from aei_marketplace.notices.rules.notices import to_holders, to_staff, to_user
from tests.builders import Tenant, make_staff
from tests.notices.acts import deliver, hook, route, tell, yanked
from tests.notices.hooks import Hooks

TABLES = ("notices", "notice_reads", "notice_preferences", "webhooks", "notice_deliveries", "data_keys")


async def as_(connection, tenant: UUID | None, actor: UUID | None, staff: str = "") -> None:
    await connection.execute(
        "select set_config('aei.tenant', $1, true), set_config('aei.actor', $2, true),"
        " set_config('aei.staff', $3, true)",
        str(tenant or ""), str(actor or ""), staff,
    )  # fmt: skip


@pytest.fixture
async def filled(deps: Deps, acme: Tenant, globex: Tenant, hooks: Hooks) -> None:
    """Rows of every table for both tenants and for the staff."""
    operator, _ = await make_staff(deps.works)
    for tenant in (acme, globex):
        await hook(deps, tenant, hooks.url())
        (notice_id,) = await tell(deps, yanked(to_holders(tenant.id, "plugin.install")))
        await tell(deps, yanked(to_user(tenant.agent.id, tenant.id)))
        async with deps.works.begin(tenant.admin) as work:
            await service.mark_read(work, notice_id)
            await service.save_preferences(work, {"release.yanked": {"mail": "off"}})
    await hook(deps, operator, hooks.url())
    await tell(deps, yanked(to_staff("plugin.moderate")))
    await route(deps)
    await deliver(deps)


async def test_a_tenant_sees_its_own_rows_and_nobody_elses(
    filled: None, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await as_(connection, acme.id, acme.admin.id)
            assert await connection.fetchval("select count(*) from notices") == 1, "not the agent's"
            for table in ("webhooks", "notice_deliveries", "data_keys", "notices"):
                owners = await connection.fetch(f"select distinct tenant_id from {table}")
                assert [UUID(str(row[0])) for row in owners] == [acme.id], table
            for table in ("notice_reads", "notice_preferences"):
                owners = await connection.fetch(f"select distinct user_id from {table}")
                assert [UUID(str(row[0])) for row in owners] == [acme.admin.id], table
    finally:
        await connection.close()


async def test_visitors_see_nothing_and_staff_no_tenants_rows(filled: None, urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            for table in TABLES:
                assert await connection.fetchval(f"select count(*) from {table}") == 0, table
        async with connection.transaction():
            await as_(connection, None, uuid4(), "on")
            for table in ("notices", "webhooks", "notice_deliveries"):
                assert await connection.fetchval(f"select count(*) from {table}") == 1, table
                assert await connection.fetchval(f"select count(tenant_id) from {table}") == 0, table
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "insert into notices (id, kind, tenant_id, action, subject_type, subject_id, data, day, last_trace,"
        " created_at, last_at) values"
        " (gen_random_uuid(), 'a.b', $1, 'x', 'x', 'x', '{}', now(), 'x', now(), now())",
        "update notices set data = '{}' where tenant_id = $1",
        "delete from notices where tenant_id = $1",
        "update webhooks set url = 'https://evil.example/' where tenant_id = $1",
        "delete from webhooks where tenant_id = $1",
        "delete from notice_reads where user_id in (select user_id from memberships where tenant_id = $1)",
        "update notice_preferences set setting = 'off'"
        " where user_id in (select user_id from memberships where tenant_id = $1)",
        "update notice_deliveries set due_at = now() where tenant_id = $1",
        "insert into notice_reads select id, aei_actor(), now() from notices where tenant_id = $1",
    ],
)
async def test_a_tenant_changes_nothing_of_anothers(
    filled: None, urls: DatabaseUrls, acme: Tenant, globex: Tenant, statement: str
) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await as_(connection, acme.id, acme.admin.id)
            try:
                async with connection.transaction():
                    done = await connection.execute(statement, globex.id)
            except asyncpg.InsufficientPrivilegeError:
                return
            assert done.split()[-1] == "0", done
    finally:
        await connection.close()


async def test_a_notice_of_others_cannot_be_read_through_its_marks(
    filled: None, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    owner = await asyncpg.connect(urls.owner)
    connection = await asyncpg.connect(urls.app)
    try:
        theirs = await owner.fetchval("select id from notices where tenant_id = $1 limit 1", globex.id)
        async with connection.transaction():
            await as_(connection, acme.id, acme.admin.id)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(
                    "insert into notice_reads values ($1, $2, now())", theirs, acme.admin.id
                )
    finally:
        await owner.close()
        await connection.close()
