"""What the database itself refuses: others' lines, changes of what is written, more back than was paid."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Works
from aei_marketplace.sales.rules.shares import NOTICE, Agreement, Terms
from aei_marketplace.sales.service import Refund
from aei_marketplace.sales.store import agreements as store
from tests.builders import make_tenant
from tests.sales.conftest import Tell, day, sale
from tests.sales.scenarios import list_plugin

TABLES = ("share_agreements", "sales", "sales_facts", "sales_lines")


@asynccontextmanager
async def raw(url: str, tenant: UUID | None = None) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant or ""))
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def tenants(works: Works, tell: Tell) -> tuple[UUID, UUID]:
    """A creator with a sale, half of it refunded, and an agreement; and another tenant, who bought it."""
    creator, buyer = (await make_tenant(works, "acme")).id, (await make_tenant(works, "globex")).id
    await list_plugin(works, creator, "acme.echo")
    async with works.system("tests") as work:
        terms = Terms(9000, work.now + NOTICE, "Because")
        await store.add(work, Agreement(new_id(), "acme.echo", terms, UUID(int=1), work.now))
    await tell(sale(creator=creator, buyer=buyer), Refund("r1", "s1", 500, day(3)))
    return creator, buyer


async def test_a_tenant_sees_its_own_lines_and_agreements_and_nobody_sees_who_bought(
    tenants: tuple[UUID, UUID], urls: DatabaseUrls
):
    seen = {}
    for who, tenant in (("creator", tenants[0]), ("buyer", tenants[1]), ("nobody", None)):
        async with raw(urls.app, tenant) as connection:
            seen[who] = [await connection.fetchval(f"select count(*) from {table}") for table in TABLES]
    assert seen == {"creator": [1, 0, 0, 2], "buyer": [0, 0, 0, 0], "nobody": [0, 0, 0, 0]}


async def test_a_tenant_writes_none_of_it_not_even_its_own(tenants: tuple[UUID, UUID], urls: DatabaseUrls):
    async with raw(urls.app, tenants[0]) as connection:
        for table, key in (("share_agreements", "id"), ("sales_lines", "id")):
            columns = [
                row["column_name"]
                for row in await connection.fetch(
                    "select column_name from information_schema.columns"
                    " where table_name = $1 and is_identity = 'NO'",
                    table,
                )
            ]
            copied = ", ".join("gen_random_uuid()" if name == key else name for name in columns)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(
                    f"insert into {table} ({', '.join(columns)}) select {copied} from {table}"
                )


@pytest.mark.parametrize("role", ["app", "system", "owner"])
async def test_nobody_changes_what_was_booked_or_agreed(
    tenants: tuple[UUID, UUID], urls: DatabaseUrls, role: str
):
    statements = [
        "update share_agreements set creator_share_bps = 0",
        "delete from share_agreements",
        "truncate share_agreements cascade",
        "update sales_lines set net = net + 1, fees = fees - 1",
        "delete from sales_lines",
        "truncate sales_lines",
        "update sales set creator_share_bps = 1",
        "update sales set buyer = gen_random_uuid(), reversed = 1",
        "update sales set reversed = 1001",
        "delete from sales",
        "truncate sales cascade",
        "update sales_facts set amount = 1",
        "delete from sales_facts",
        "truncate sales_facts",
    ]
    async with raw(getattr(urls, role), tenants[0]) as connection:
        for statement in statements:
            try:
                assert (await connection.execute(statement)).endswith(" 0")  # who sees no row changes none
                assert role == "app"
            except asyncpg.InsufficientPrivilegeError:
                continue
            except asyncpg.CheckViolationError:
                assert statement.endswith("reversed = 1001")


async def test_an_agreement_that_begins_before_it_is_set_is_refused_by_the_database_itself(
    tenants: tuple[UUID, UUID], works: Works
):
    with pytest.raises(Exception, match="share_agreements_check"):
        async with works.system("tests") as work:
            late = Terms(9000, work.now, "Because")
            await store.add(work, Agreement(new_id(), "acme.echo", late, UUID(int=1), work.now))
