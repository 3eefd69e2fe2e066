"""Every query of the audit log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Row, Select, func, select

from aei_marketplace.audit.models import entries, leaves, personal
from aei_marketplace.ground.work import Work
from aei_protocol.merkle import Node, Tree, peak_places

#: One sequencer at a time, in the whole installation.
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; None means any.

    Attributes:
        actor: an actor's id.
        resource: a resource's id.
        since, until: half-open, by the entry's time.
    """

    actor: UUID | None = None
    action: str | None = None
    resource: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def search(work: Work, wanted: Wanted, after: Any, limit: int) -> Sequence[Row[Any]]:
    """Entries newest first, each with its sequence number once it has one.

    Args:
        after: the id of the last entry of the page before, None at the start. Ids are UUIDv7: in
            order of time.
    """
    statement = (
        select(entries, leaves.c.sequence)
        .outerjoin(leaves, leaves.c.entry_id == entries.c.id)
        .where(*_conditions(wanted))
        .order_by(entries.c.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(entries.c.id < UUID(after))
    return (await work.run(statement)).all()


async def count(work: Work, wanted: Wanted) -> int:
    """How many entries match."""
    statement: Select[Any] = select(func.count()).select_from(entries).where(*_conditions(wanted))
    return int((await work.run(statement)).scalar_one())


async def openings(work: Work, entry_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The personal data of entries that has not been erased."""
    return (await work.run(select(personal).where(personal.c.entry_id.in_(entry_ids)))).all()


async def become_sequencer(connection: asyncpg.Connection) -> bool:
    """Whether this transaction now holds the sequencer's lock."""
    return bool(await connection.fetchval("select pg_try_advisory_xact_lock($1)", SEQUENCER_LOCK))


async def take_pending(connection: asyncpg.Connection, limit: int) -> list[asyncpg.Record]:
    """Take the oldest entries that have no sequence number yet."""
    return list(await connection.fetch(_TAKE, limit))


async def load_tree(connection: asyncpg.Connection) -> Tree:
    """The tree as it stands: its size and its peaks."""
    size = int(await connection.fetchval("select coalesce(max(sequence) + 1, 0) from audit_leaves"))
    peaks = []
    for level, position in peak_places(size):
        query = (
            "select leaf_hash from audit_leaves where sequence = $2 and $1 = 0"
            if level == 0
            else "select hash from audit_nodes where level = $1 and position = $2"
        )
        peaks.append(Node(level, position, await connection.fetchval(query, level, position)))
    return Tree(size, peaks)


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


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    columns = entries.c
    tests: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (wanted.actor, columns.actor_id.__eq__),
        (wanted.action, columns.action.__eq__),
        (wanted.resource, columns.resource_id.__eq__),
        (wanted.since, columns.at.__ge__),
        (wanted.until, columns.at.__lt__),
    ]
    return [test(value) for value, test in tests if value is not None]
