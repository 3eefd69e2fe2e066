"""The audit log inside a backup: its tree's head, and whether what was restored still has it."""

import asyncpg

from aei_marketplace.backup.archive import LogFacts
from aei_marketplace.backup.errors import BackupDamaged
from aei_protocol.merkle import Tree, leaf_hash

_LEAVES = "select leaf_hash from audit_leaves order by sequence"
_ENTRIES = """
select l.sequence, l.leaf_hash, e.content from audit_leaves l left join audit_entries e on e.id = l.entry_id
order by l.sequence
"""
_AT_ONCE = 2_000


async def read_log(connection: asyncpg.Connection) -> LogFacts:
    """Size and root of the tree over all leaves, computed from them.

    Args:
        connection: in a transaction, which a cursor needs.
    """
    tree = Tree()
    async for row in connection.cursor(_LEAVES, prefetch=_AT_ONCE):
        tree.append(row["leaf_hash"])
    return LogFacts(tree.size, tree.root().hex())


async def verify_log(connection: asyncpg.Connection, expected: LogFacts) -> None:
    """Recompute the tree from the entries' own bytes, and compare it with what the backup says.

    Raises:
        BackupDamaged: an entry is missing, altered or out of its place.
    """
    tree = Tree()
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(_ENTRIES, prefetch=_AT_ONCE):
            if row["sequence"] != tree.size or row["content"] is None:
                raise BackupDamaged(f"The audit log of the backup has no entry {tree.size:,}.")
            if leaf_hash(row["content"]) != row["leaf_hash"]:
                raise BackupDamaged(
                    f"The audit log's entry {tree.size:,} was altered before the backup was taken."
                )
            tree.append(row["leaf_hash"])
    if LogFacts(tree.size, tree.root().hex()) != expected:
        raise BackupDamaged("The audit log of the backup does not have the root that its manifest says.")
