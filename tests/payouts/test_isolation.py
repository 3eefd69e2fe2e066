"""What the role of requests sees of the tables, whatever the code asks."""

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.adapters.postgres import DatabaseUrls
from tests.payouts.conftest import Books

TABLES = (
    "statements",
    "statement_parts",
    "payouts",
    "payout_reversals",
    "creator_thresholds",
    "payout_destinations",
)


async def seen(connection: asyncpg.Connection, tenant: object, *, staff: bool = False) -> dict[str, int]:
    """How many rows of each table one sees."""
    await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant) if tenant else "")
    await connection.execute("select set_config('aei.staff', $1, false)", "on" if staff else "")
    return {table: await connection.fetchval(f"select count(*) from {table}") for table in TABLES}


async def test_a_tenant_sees_its_own_rows_and_writes_none_of_them(books: Books, urls: DatabaseUrls):
    await books.sell(books.studio, 10_000)
    books.go_to(12, 3)
    await books.close()
    async with books.works.system("tests") as work:
        await work.run(
            text("insert into payout_reversals select id, creator, currency, 5, period, now() from payouts")
        )
        await work.run(
            text("insert into creator_thresholds values (:t, 'USD', 9000, now(), :t)"), {"t": books.studio.id}
        )
        await work.run(
            text("insert into payout_destinations values (:t, 'stripe', 'acct', now(), :t)"),
            {"t": books.studio.id},
        )
    connection = await asyncpg.connect(urls.app)
    try:
        assert await seen(connection, books.studio.id) == dict.fromkeys(TABLES, 1)
        assert await seen(connection, books.globex.id) == dict.fromkeys(TABLES, 0)
        assert await seen(connection, None) == dict.fromkeys(TABLES, 0)
        assert await seen(connection, None, staff=True) == dict.fromkeys(TABLES, 1)
        await seen(connection, books.studio.id)
        for table in ("payout_steps", "tax_model_confirmations"):
            assert await connection.fetchval(f"select count(*) from {table}") == 0
        assert await connection.execute("update payouts set held_reason = 'x'") == "UPDATE 0"
        for statement in (
            "insert into payout_steps select id, 9, 'paid', now() from payouts",
            "insert into tax_model_confirmations"
            " values (gen_random_uuid(), true, 'me', now(), now(), gen_random_uuid())",
            "insert into payout_thresholds values ('USD', 1, now(), gen_random_uuid())",
            "insert into creator_thresholds values (gen_random_uuid(), 'USD', 1, now(), gen_random_uuid())",
            "insert into month_closes values ('2026-10-01', now())",
            "insert into payouts select * from payouts",
        ):
            with pytest.raises(asyncpg.PostgresError, match=r"row-level security|begins as a draft"):
                await connection.execute(statement)
    finally:
        await connection.close()
