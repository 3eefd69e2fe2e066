"""Durable jobs in PostgreSQL by PgQueuer, enqueued in the caller's own transaction."""

import asyncpg
from pgqueuer import AsyncpgDriver, Queries
from sqlalchemy.ext.asyncio import AsyncConnection

from aei_marketplace.ground.outbox import Message


class PostgresQueue:
    """Puts events into PgQueuer's table; each event kind is an entrypoint of the job process."""

    async def put(self, connection: AsyncConnection, messages: list[Message]) -> None:
        """Add messages inside the connection's open transaction."""
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        kinds, bodies = [m.kind for m in messages], [m.body for m in messages]
        await Queries(AsyncpgDriver(driver)).enqueue(kinds, list(bodies), [0] * len(messages))


async def install_queue(owner_url: str) -> None:
    """Create PgQueuer's tables, or bring them to the installed version's shape.

    Args:
        owner_url: asyncpg DSN of the role that owns the tables.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        queries = Queries(AsyncpgDriver(connection))
        async with queries.schema_lock():
            if not await queries.schema_is_installed():
                await queries.install()
        await queries.apply_upgrade()
        await connection.execute(_GRANTS)
    finally:
        await connection.close()


_GRANTS = """
revoke all on all tables in schema public from public;
do $$ declare t record; begin
  for t in select c.oid::regclass as name, c.relname from pg_class c
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
             and c.relname like 'pgqueuer%' loop
    execute format('revoke all on %s from aei_app', t.name);
    execute format('grant select, insert, update, delete, truncate on %s to aei_system', t.name);
  end loop;
end $$;
grant insert, select (id, entrypoint, priority, dedupe_key) on pgqueuer to aei_app;
grant insert on pgqueuer_log to aei_app;
"""
