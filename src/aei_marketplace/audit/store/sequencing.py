"""Growing the tree. All of it happens on a connection of the role `aei_system`."""

from datetime import datetime
from uuid import UUID

import asyncpg

from aei_protocol.merkle import Node, Tree, peak_places

#: One sequencer at a time, in the whole installation; whoever signs or verifies holds it too.
SEQUENCER_LOCK = 0x4145_4953

_TAKE = """
with taken as (
  delete from audit_pending where position in (select position from audit_pending order by position limit $1)
  returning position, entry_id)
select e.id, e.content, e.leaf_hash from taken t join audit_entries e on e.id = t.entry_id order by t.position
"""
_ADD_LEAVES = """
insert into audit_leaves (sequence, entry_id, leaf_hash)
select * from unnest($1::bigint[], $2::uuid[], $3::bytea[])
"""
_ADD_NODES = """
insert into audit_nodes (level, position, hash) select * from unnest($1::int[], $2::bigint[], $3::bytea[])
"""
_HASHES = "select level, place, hash from audit_hashes($1, $2)"


async def become_sequencer(connection: asyncpg.Connection) -> bool:
    """Whether this transaction now holds the sequencer's lock."""
    return bool(await connection.fetchval("select pg_try_advisory_xact_lock($1)", SEQUENCER_LOCK))


async def take_pending(connection: asyncpg.Connection, limit: int) -> list[asyncpg.Record]:
    """Take the oldest entries that have no sequence number yet."""
    return list(await connection.fetch(_TAKE, limit))


async def load_tree(connection: asyncpg.Connection) -> Tree:
    """The tree as it stands: its size and its peaks."""
    size = int(await connection.fetchval("select coalesce(max(sequence) + 1, 0) from audit_leaves"))
    places = peak_places(size)
    found = await hashes(connection, places)
    return Tree(size, [Node(*place, found[place]) for place in places])


async def hashes(
    connection: asyncpg.Connection, places: list[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """The hashes of perfect subtrees and leaves; a place without one has an empty hash."""
    columns = [level for level, _ in places], [position for _, position in places]
    rows = await connection.fetch(_HASHES, *columns)
    return {(row["level"], row["place"]): row["hash"] or b"" for row in rows}


async def add_leaves(connection: asyncpg.Connection, rows: list[tuple[int, UUID, bytes]]) -> None:
    """Store leaves as (sequence, entry id, hash)."""
    # COPY would be faster and is refused under row-level security.
    await connection.execute(_ADD_LEAVES, *zip(*rows, strict=True))


async def add_nodes(connection: asyncpg.Connection, nodes: list[Node]) -> None:
    """Store the hashes of completed subtrees."""
    columns = [n.level for n in nodes], [n.position for n in nodes], [n.hash for n in nodes]
    await connection.execute(_ADD_NODES, *columns)


async def add_head(connection: asyncpg.Connection, tree: Tree, at: datetime) -> None:
    """Store the tree's head."""
    await connection.execute(
        "insert into audit_heads (size, root, at) values ($1, $2, $3)", tree.size, tree.root(), at
    )
