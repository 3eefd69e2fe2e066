"""Reading the whole log for verification, in one snapshot, on a connection of the role `aei_system`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.cursor import Cursor

from aei_marketplace.audit.rules.archives import Archived
from aei_marketplace.audit.store.sequencing import SEQUENCER_LOCK

# Every value of a row costs as much as hashing it: what need not leave the database is compared there.
_LEAVES = """
select l.sequence, l.entry_id, l.leaf_hash, e.content, e.leaf_hash = l.leaf_hash as same_hash,
       e.at, e.tenant_id, e.actor_kind, e.actor_id, e.action, e.resource_type, e.resource_id, e.outcome,
       e.trace_id
from audit_leaves l
left join audit_entries e on e.id = l.entry_id
order by l.sequence
"""
_CHECKPOINTS = "select size, root, note from audit_checkpoints order by size"
_OPENINGS = """
select p.entry_id, p.name, p.value, p.key from audit_personal p join audit_leaves l on l.entry_id = p.entry_id
where l.sequence >= $1 and l.sequence < $2
"""
_ROW_OF_NODES = """
select string_agg(hash, ''::bytea order by position) from audit_nodes
where level = $1 and position >= $2 and position < $3
"""
_NODES = "select position, hash from audit_nodes where level = $1 and position >= $2 and position < $3"
_UPPER = "select level, position, hash from audit_nodes where level > $1"
_BEYOND = "select count(*) from audit_nodes where (position + 1) << level > $1"
_UNKNOWN = """
select e.id from audit_entries e
where not exists (select from audit_leaves l where l.entry_id = e.id)
  and not exists (select from audit_pending p where p.entry_id = e.id)
limit $1
"""
_WAITING = "select p.entry_id, e.id from audit_pending p left join audit_entries e on e.id = p.entry_id"
_LEAF_HASHES = "select leaf_hash from audit_leaves where sequence >= $1 and sequence < $2 order by sequence"
_ARCHIVE_ENTRIES = "select content from audit_entries where action = 'audit.archive'"
_ARCHIVES = "select first, after, file_name, sha256 from audit_archives order by first"


@asynccontextmanager
async def snapshot(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """The log as it is at one moment, at which nobody is just signing; call `let_sign` soon."""
    await connection.execute("select pg_advisory_lock($1)", SEQUENCER_LOCK)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield
    finally:
        await connection.execute("select pg_advisory_unlock_all()")


async def let_sign(connection: asyncpg.Connection) -> None:
    """Let the sequencer go on; the snapshot stays."""
    await connection.execute("select pg_advisory_unlock($1)", SEQUENCER_LOCK)


async def checkpoints(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Every checkpoint, smallest first."""
    return list(await connection.fetch(_CHECKPOINTS))


async def size(connection: asyncpg.Connection) -> int:
    """How many places there are, filled or not."""
    return int(await connection.fetchval("select coalesce(max(sequence) + 1, 0) from audit_leaves"))


async def newest_head(connection: asyncpg.Connection) -> int:
    """The size that the sequencer noted last."""
    return int(await connection.fetchval("select coalesce(max(size), 0) from audit_heads"))


async def leaves(connection: asyncpg.Connection) -> Cursor:
    """Every leaf in order, joined with its entry."""
    return await connection.cursor(_LEAVES)


async def openings(connection: asyncpg.Connection, first: int, after: int) -> list[asyncpg.Record]:
    """The personal data of entries from `first` to before `after`."""
    return list(await connection.fetch(_OPENINGS, first, after))


async def row_of_nodes(connection: asyncpg.Connection, level: int, first: int, after: int) -> bytes:
    """The stored hashes of a level side by side."""
    return bytes(await connection.fetchval(_ROW_OF_NODES, level, first, after) or b"")


async def nodes(connection: asyncpg.Connection, level: int, first: int, after: int) -> dict[int, bytes]:
    """The stored hashes of a level by position."""
    return {row["position"]: row["hash"] for row in await connection.fetch(_NODES, level, first, after)}


async def upper_nodes(connection: asyncpg.Connection, above: int) -> dict[tuple[int, int], bytes]:
    """The stored hashes above a level."""
    return {(row["level"], row["position"]): row["hash"] for row in await connection.fetch(_UPPER, above)}


async def nodes_beyond(connection: asyncpg.Connection, size: int) -> int:
    """How many stored nodes stand over leaves that a tree of this size does not have."""
    return int(await connection.fetchval(_BEYOND, size))


async def unknown_entries(connection: asyncpg.Connection, limit: int) -> list[asyncpg.Record]:
    """Entries that neither have a place in the tree nor wait for one."""
    return list(await connection.fetch(_UNKNOWN, limit))


async def waiting(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """What waits for a place: the entry's id, and again as far as there is such an entry."""
    return list(await connection.fetch(_WAITING))


async def archives(connection: asyncpg.Connection) -> list[Archived]:
    """What lies in files instead of here, oldest first."""
    return [Archived(*row.values()) for row in await connection.fetch(_ARCHIVES)]


async def archive_entries(connection: asyncpg.Connection) -> list[bytes]:
    """What the log itself says about archives: the bytes of those entries."""
    return [row["content"] for row in await connection.fetch(_ARCHIVE_ENTRIES)]


async def leaf_hashes(connection: asyncpg.Connection, first: int, after: int) -> list[bytes]:
    """The hashes of leaves in order."""
    return [row["leaf_hash"] for row in await connection.fetch(_LEAF_HASHES, first, after)]
