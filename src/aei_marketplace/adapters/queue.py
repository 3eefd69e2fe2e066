"""Durable jobs in PostgreSQL by PgQueuer, enqueued in the caller's own transaction."""

from collections import Counter
from typing import Any

import asyncpg
from pgqueuer import AsyncpgDriver, Queries
from pgqueuer.types import JobId
from sqlalchemy.ext.asyncio import AsyncConnection

from aei_marketplace.ground.outbox import FailedJob, Lane, Message, trace_of

_OLDEST = "select entrypoint, min(created) as since from pgqueuer where status = 'queued' group by entrypoint"
_HOLD_FAILED = "select id from pgqueuer where id = $1 and status = 'failed' for update"


class PostgresQueue:
    """Puts events into PgQueuer's table; each event kind is an entrypoint of the job process."""

    async def put(self, connection: AsyncConnection, messages: list[Message]) -> None:
        """Add messages inside the connection's open transaction."""
        driver = await _driver(connection)
        kinds, bodies = [m.kind for m in messages], [m.body for m in messages]
        await Queries(AsyncpgDriver(driver)).enqueue(kinds, list(bodies), [0] * len(messages))

    async def lanes(self, connection: AsyncConnection) -> list[Lane]:
        """How each kind stands that has jobs, by kind."""
        queries = Queries(AsyncpgDriver(await _driver(connection)))
        counts: dict[str, Counter[str]] = {}
        for each in await queries.queue_size():
            counts.setdefault(each.entrypoint, Counter())[each.status] += each.count
        oldest = {row["entrypoint"]: row["since"] for row in await (await _driver(connection)).fetch(_OLDEST)}
        return [
            Lane(kind, each["queued"], each["picked"], each["failed"], oldest.get(kind))
            for kind, each in sorted(counts.items())
        ]

    async def failed(self, connection: AsyncConnection, limit: int) -> list[FailedJob]:
        """Jobs that gave up, those emitted last first."""
        jobs = await Queries(AsyncpgDriver(await _driver(connection))).list_failed_jobs(limit)
        return [
            FailedJob(j.id, j.entrypoint, j.attempts, j.created, j.updated, trace_of(j.payload or b""))
            for j in jobs
        ]

    async def retry(self, connection: AsyncConnection, job_id: int) -> bool:
        """Have a job that gave up tried again; False when there is none of this id."""
        driver = await _driver(connection)
        if await driver.fetchval(_HOLD_FAILED, job_id) is None:
            return False
        await Queries(AsyncpgDriver(driver)).requeue_jobs([JobId(job_id)])
        return True


async def _driver(connection: AsyncConnection) -> Any:
    raw = await connection.get_raw_connection()
    assert raw.driver_connection is not None
    return raw.driver_connection


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
