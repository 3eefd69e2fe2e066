"""How far each collector has taken the log in, and what comes next for it."""

from datetime import datetime

import asyncpg

#: One process delivers at a time, in the whole installation.
DELIVERY_LOCK = 0x4145_4944

_NEXT = "select next from audit_deliveries where collector = $1"
_ENTRIES = """
select l.sequence, e.at, e.action, e.outcome, e.content
from audit_leaves l join audit_entries e on e.id = l.entry_id
where l.sequence >= $1 order by l.sequence limit $2
"""
_ADVANCE = """
insert into audit_deliveries (collector, next, at) values ($1, $2, $3)
on conflict (collector) do update set next = excluded.next, at = excluded.at
"""


async def become_deliverer(connection: asyncpg.Connection) -> bool:
    """Whether this connection delivers, from now until it closes."""
    return bool(await connection.fetchval("select pg_try_advisory_lock($1)", DELIVERY_LOCK))


async def next_for(connection: asyncpg.Connection, collector: str) -> int:
    """The first entry that the collector has not acknowledged."""
    return int(await connection.fetchval(_NEXT, collector) or 0)


async def entries_from(connection: asyncpg.Connection, sequence: int, limit: int) -> list[asyncpg.Record]:
    """Entries in the tree's order."""
    return list(await connection.fetch(_ENTRIES, sequence, limit))


async def advance(connection: asyncpg.Connection, collector: str, next_one: int, at: datetime) -> None:
    """Remember that everything before `next_one` was acknowledged."""
    await connection.execute(_ADVANCE, collector, next_one, at)
