"""Secrets in the database: sealed, isolated, never given back to people."""

import asyncio

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Conflict
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.sealing import SealBroken
from aei_marketplace.vault import service
from aei_marketplace.vault.errors import NoSuchSecret
from tests.builders import Tenant, make_tenant

CANARY = "canary-5f1c-do-not-show"


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


async def put(deps: Deps, actor: Actor, name: str, value: str) -> None:
    async with deps.works.begin(actor) as work:
        await service.put_secret(work, deps.master_key, name, value)


async def value(deps: Deps, tenant: Tenant, name: str, master_key: bytes | None = None) -> str | None:
    return await service.secret_value(deps.works, master_key or deps.master_key, str(tenant.id), name)


async def test_a_secret_reaches_the_broker_of_its_tenant_only(deps: Deps, acme: Tenant) -> None:
    globex = await make_tenant(deps.works, "globex")
    await put(deps, acme.admin, "ACME_KEY", CANARY)
    assert await value(deps, acme, "ACME_KEY") == CANARY
    assert await value(deps, globex, "ACME_KEY") is None
    assert await value(deps, acme, "NO_SUCH") is None


async def test_a_new_value_takes_the_place_of_the_old(deps: Deps, acme: Tenant) -> None:
    await put(deps, acme.admin, "ACME_KEY", "old")
    await put(deps, acme.admin, "ACME_KEY", "new")
    assert await value(deps, acme, "ACME_KEY") == "new"


async def test_two_that_write_at_once_leave_one_value_and_one_key(deps: Deps, acme: Tenant) -> None:
    await asyncio.gather(*(put(deps, acme.admin, f"KEY_{n % 2}", f"value {n}") for n in range(6)))
    for name in ("KEY_0", "KEY_1"):
        assert (await value(deps, acme, name) or "").startswith("value")


async def test_a_deleted_secret_is_gone(deps: Deps, acme: Tenant) -> None:
    await put(deps, acme.admin, "ACME_KEY", CANARY)
    async with deps.works.begin(acme.admin) as work:
        await service.delete_secret(work, "ACME_KEY")
    assert await value(deps, acme, "ACME_KEY") is None
    with pytest.raises(NoSuchSecret):
        async with deps.works.begin(acme.admin) as work:
            await service.delete_secret(work, "ACME_KEY")


async def test_names_are_listed_in_pages_without_values(deps: Deps, acme: Tenant) -> None:
    for name in ("C", "A", "B"):
        await put(deps, acme.admin, name, CANARY)
    async with deps.works.begin(acme.admin) as work:
        first = await service.list_secrets(work, PageWanted(2))
        rest = await service.list_secrets(work, PageWanted.read(2, first.next_cursor))
    assert [s.name for s in (*first.items, *rest.items)] == ["A", "B", "C"]
    assert first.total == 3
    assert CANARY not in repr(first)


async def test_who_may_not_administer_secrets_is_refused(deps: Deps, acme: Tenant) -> None:
    for actor in (acme.manager, acme.agent, acme.viewer):
        with pytest.raises(MissingAction):
            await put(deps, actor, "ACME_KEY", CANARY)
        with pytest.raises(MissingAction):
            async with deps.works.begin(actor) as work:
                await service.list_secrets(work, PageWanted())
        with pytest.raises(MissingAction):
            async with deps.works.begin(actor) as work:
                await service.delete_secret(work, "ACME_KEY")


async def test_a_tenant_keeps_no_more_than_it_may(
    deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.secrets, "MOST_SECRETS", 1)
    await put(deps, acme.admin, "ONE", "x")
    with pytest.raises(Conflict):
        await put(deps, acme.admin, "TWO", "x")
    await put(deps, acme.admin, "ONE", "y")


async def test_another_master_key_opens_nothing(deps: Deps, acme: Tenant) -> None:
    await put(deps, acme.admin, "ACME_KEY", CANARY)
    with pytest.raises(SealBroken):
        await value(deps, acme, "ACME_KEY", master_key=bytes(32))


async def test_no_table_holds_a_value_in_clear(deps: Deps, acme: Tenant, urls: DatabaseUrls) -> None:
    await put(deps, acme.admin, "ACME_KEY", CANARY)
    connection = await asyncpg.connect(urls.owner)
    try:
        tables = await connection.fetch(
            "select table_name from information_schema.tables where table_schema = 'public'"
        )
        for (table,) in tables:
            rows = await connection.fetch(f'select * from "{table}"')
            for row in rows:
                held = b" ".join(v if isinstance(v, bytes) else repr(v).encode() for v in row.values())
                assert CANARY.encode() not in held, table
    finally:
        await connection.close()


async def test_the_log_names_the_secret_and_nothing_more(
    deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    await put(deps, acme.admin, "ACME_KEY", CANARY)
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch(
            "select action, content from audit_entries where resource_id = 'ACME_KEY'"
        )
        assert [r["action"] for r in rows] == ["secret.put"]
        assert CANARY.encode() not in rows[0]["content"]
    finally:
        await connection.close()


async def test_raw_sql_of_the_app_role_shows_the_own_tenant_only(
    deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    await put(deps, acme.admin, "ACME_KEY", CANARY)
    connection = await asyncpg.connect(urls.app)
    try:
        for table in ("secrets", "data_keys"):
            for tenant, count in ((acme.id, 1), (globex.id, 0), ("", 0)):
                await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant))
                found = await connection.fetchval(f"select count(*) from {table}")
                assert found == count
        await connection.execute("select set_config('aei.tenant', $1, false)", str(globex.id))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "insert into secrets values ($1, 'X', 1, $2, $2, now(), $1)", acme.id, b"123456789012"
            )
    finally:
        await connection.close()
