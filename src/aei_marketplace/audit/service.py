"""What can be done with the log: put entries into the tree, and search them."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from aei_marketplace.audit import store
from aei_marketplace.audit.errors import LogCorrupt
from aei_marketplace.audit.store import Wanted
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import read_entry
from aei_marketplace.ground.clock import Clock
from aei_marketplace.ground.paging import Page, PageWanted
from aei_marketplace.ground.work import Work, Works
from aei_protocol.merkle import leaf_hash

BATCH = 5_000
#: How long a search waits for its newest entries to be sequenced, before it shows them without a number.
PATIENCE_S, LOOK_AGAIN_S = 1.0, 0.05


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as a reader sees it; `sequence` is None during its first second.

    Attributes:
        document: the entry's own JSON.
        personal: what its commitments open to, as far as it has not been erased.
    """

    id: UUID
    at: datetime
    sequence: int | None
    tenant_id: UUID | None
    document: dict[str, Any]
    personal: dict[str, str]


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


async def search(works: Works, actor: Actor, trace_id: str, wanted: Wanted, page: PageWanted) -> Page:
    """The entries that the actor may read, newest first: their tenant's, or for staff all.

    Entries that were written before the search have their sequence numbers in it, unless the
    sequencer lags by more than a second.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        async with works.begin(actor, trace_id) as work:
            found = await _search(work, wanted, page)
        late = asyncio.get_running_loop().time() >= deadline
        if late or all(item.sequence is not None for item in found.items):
            return found
        await asyncio.sleep(LOOK_AGAIN_S)


async def _search(work: Work, wanted: Wanted, page: PageWanted) -> Page:
    work.actor.require("audit.read_all" if work.actor.staff else "audit.read")
    rows = await store.search(work, wanted, page.after, page.limit + 1)
    total = await store.count(work, wanted)
    opened: dict[UUID, dict[str, str]] = {}
    for row in await store.openings(work, [r.id for r in rows]):
        opened.setdefault(row.entry_id, {})[row.name] = row.value
    found = [
        Found(r.id, r.at, r.sequence, r.tenant_id, read_entry(bytes(r.content)), opened.get(r.id, {}))
        for r in rows
    ]
    return page.page(found, total, lambda f: str(f.id))


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
