"""Where the log ends: what was cut off, what was put there, and what has no place in it yet."""

import asyncpg

from aei_marketplace.audit.rules.verification.findings import Finding, Kind
from aei_marketplace.audit.store import verifying as store

#: So many entries that were put into the table are listed one by one.
MOST_LISTED = 100


async def compare_end(connection: asyncpg.Connection, total: int) -> list[Finding]:
    """Compare the size of the tree with the newest head that the sequencer left, and with the nodes.

    Args:
        total: entries in the tree.
    """
    findings = []
    head = await store.newest_head(connection)
    beyond = await store.nodes_beyond(connection, total)
    if total and (total < head or beyond):
        detail = f"the tree once had at least {max(head, total + 1)} entries and has {total}: its end is gone"
        findings.append(Finding(Kind.TRUNCATED, detail, total))
    if total > head:
        detail = f"entries from {head} on were put into the tree by something else than the sequencer"
        findings.append(Finding(Kind.INSERTED, detail, head))
    return findings


async def look_at_unsequenced(connection: asyncpg.Connection) -> tuple[int, list[Finding]]:
    """How many entries wait for a place, and what is wrong with those that have none."""
    findings = []
    for row in await store.unknown_entries(connection, MOST_LISTED):
        detail = f"entry {row['id']} was put into the table and never into the tree"
        findings.append(Finding(Kind.INSERTED, detail, None, row["id"]))
    waiting = await store.waiting(connection)
    for row in waiting:
        if row["id"] is None:
            detail = f"entry {row['entry_id']} is gone before it had a place in the tree"
            findings.append(Finding(Kind.DELETED, detail, None, row["entry_id"]))
    return len(waiting), findings
