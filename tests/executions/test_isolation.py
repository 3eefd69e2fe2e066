"""Row-level security: a query that forgot its filter still sees one tenant only."""

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.executions.service import Runs
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_tenant
from tests.executions.conftest import run

TABLES = ("executions", "execution_logs", "installations")


@pytest.fixture
async def foreign(runs: Runs, deps: Deps, acme: Tenant) -> Tenant:
    """A tenant without anything, beside acme with an installation, an execution and its log."""
    await run(runs, acme.agent)
    return await make_tenant(deps.works, "globex")


async def rows(url: str, table: str, tenant: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant or ""))
        return await connection.fetch(f"select * from {table}")
    finally:
        await connection.close()


@pytest.mark.parametrize("table", TABLES)
async def test_raw_sql_of_the_app_role_shows_the_own_tenant_only(
    urls: DatabaseUrls, acme: Tenant, foreign: Tenant, table: str
) -> None:
    assert len(await rows(urls.app, table, acme.id)) == 1
    assert await rows(urls.app, table, foreign.id) == []
    assert await rows(urls.app, table, None) == []


async def test_the_app_role_cannot_write_into_another_tenant(
    urls: DatabaseUrls, acme: Tenant, foreign: Tenant
) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(foreign.id))
        assert await connection.execute("update executions set outcome = 'ok'") == "UPDATE 0"
        assert await connection.execute("update installations set enabled = false") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "insert into execution_logs values (gen_random_uuid(), $1, '[]')", acme.id
            )
    finally:
        await connection.close()


async def test_the_terms_of_another_tenant_are_not_found_by_naming_it_in_a_session_of_ones_own(
    urls: DatabaseUrls, acme: Tenant, foreign: Tenant
) -> None:
    """The statement enters the tenant that it is asked for, and no other setting decides."""
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(acme.id))
        found = await connection.fetch("select * from execution_terms($1, 'acme.echo', now())", foreign.id)
        assert found == []
    finally:
        await connection.close()
