"""The sequencer: putting entries into the tree, in order."""

from datetime import datetime

import asyncpg

from aei_marketplace.audit.errors import LogCorrupt
from aei_marketplace.audit.store import sequencing as store
from aei_marketplace.ground.clock import Clock
from aei_protocol.merkle import leaf_hash

BATCH = 5_000


async def sequence_pending(connection: asyncpg.Connection, clock: Clock, batch: int = BATCH) -> int:
    """Put waiting entries into the tree, in one transaction; how many there were.

    Args:
        connection: asyncpg, role `aei_system`.

    Raises:
        LogCorrupt: an entry's bytes do not have the hash that was stored with them.
    """
    async with connection.transaction():
        if not await store.become_sequencer(connection):
            return 0
        rows = await store.take_pending(connection, batch)
        if rows:
            await _append(connection, rows, clock())
    return len(rows)


async def _append(connection: asyncpg.Connection, rows: list[asyncpg.Record], now: datetime) -> None:
    tree = await store.load_tree(connection)
    leaves, nodes = [], []
    for row in rows:
        _check(row)
        leaves.append((tree.size, row["id"], row["leaf_hash"]))
        nodes.extend(tree.append(row["leaf_hash"]))
    await store.add_leaves(connection, leaves)
    await store.add_nodes(connection, nodes)
    await store.add_head(connection, tree, now)


def _check(row: asyncpg.Record) -> None:
    if leaf_hash(row["content"]) != row["leaf_hash"]:
        raise LogCorrupt(f"audit entry {row['id']} does not have the hash that was stored with it")
