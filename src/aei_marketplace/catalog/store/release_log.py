"""The public log of releases: leaves that wait, the tree, its checkpoints, what proofs are made of."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from aei_marketplace.catalog.models import (
    release_log_checkpoints as checkpoints,
)
from aei_marketplace.catalog.models import (
    release_log_leaves as leaves,
)
from aei_marketplace.catalog.models import (
    release_log_nodes as nodes,
)
from aei_marketplace.catalog.models import (
    release_log_pending as pending,
)
from aei_marketplace.catalog.models import releases
from aei_marketplace.ground.work import Work
from aei_protocol.merkle import Node, Place, Tree, leaf_hash, peak_places

#: One sequencer at a time, in the whole installation.
SEQUENCER_LOCK = 0x4145_4952
_LOCK = text("select pg_try_advisory_xact_lock(:lock)")
# Thousands of places in two parameters: a list of pairs would exceed what a statement can carry.
_NODES_AMONG = text("""
select n.* from release_log_nodes n
join unnest(cast(:levels as integer[]), cast(:positions as bigint[])) w(level, position)
  using (level, position)
""")
#: Shown of a release: its first leaf and the most recent ones.
MOST_LEAVES_SHOWN = 100


async def add_pending(work: Work, release_id: UUID, content: bytes) -> None:
    """Have a leaf wait for its place."""
    values = {"release_id": release_id, "content": content, "leaf_hash": leaf_hash(content)}
    # Inline: nothing comes back, for requests may not read what waits.
    await work.run(insert(pending).values(**values).inline())


async def become_sequencer(work: Work) -> bool:
    """Whether this work now holds the sequencer's lock."""
    return bool((await work.run(_LOCK, {"lock": SEQUENCER_LOCK})).scalar_one())


async def take_pending(work: Work, limit: int) -> Sequence[Row[Any]]:
    """Take the oldest leaves that wait (release_id, content, leaf_hash), in order."""
    oldest = select(pending.c.position).order_by(pending.c.position).limit(limit)
    taken = await work.run(delete(pending).where(pending.c.position.in_(oldest)).returning(pending))
    return sorted(taken.all(), key=lambda row: row.position)


async def add_leaves(work: Work, first: int, rows: Sequence[Row[Any]]) -> None:
    """Store leaves from the place `first` on, and note on new releases where their story begins."""
    values = [
        {
            "leaf_index": first + offset,
            "release_id": row.release_id,
            "content": row.content,
            "leaf_hash": row.leaf_hash,
        }
        for offset, row in enumerate(rows)
    ]
    await work.run(insert(leaves), values)
    begins = (
        select(func.min(leaves.c.leaf_index)).where(leaves.c.release_id == releases.c.id).scalar_subquery()
    )
    new = releases.c.id.in_({row.release_id for row in rows}), releases.c.log_index.is_(None)
    await work.run(update(releases).where(*new).values(log_index=begins))


async def add_nodes(work: Work, completed: Iterable[Node]) -> None:
    """Store the hashes of completed subtrees."""
    values = [{"level": n.level, "position": n.position, "hash": n.hash} for n in completed]
    if values:
        await work.run(insert(nodes), values)


async def size(work: Work) -> int:
    """How many leaves the tree has."""
    return int((await work.run(select(func.coalesce(func.max(leaves.c.leaf_index) + 1, 0)))).scalar_one())


async def tree_of(work: Work, leaf_count: int) -> Tree:
    """The tree as it was with so many leaves.

    Raises:
        KeyError: a part of it is missing.
    """
    places = peak_places(leaf_count)
    found = await hashes(work, places)
    return Tree(leaf_count, [Node(level, position, found[level, position]) for level, position in places])


async def hashes(work: Work, places: Iterable[Place]) -> dict[Place, bytes]:
    """The hashes of these subtrees; what is not there is left out."""
    wanted = list(places)
    at_the_leaves = [position for level, position in wanted if level == 0]
    higher = [place for place in wanted if place[0] > 0]
    found: dict[Place, bytes] = {}
    if at_the_leaves:
        query = select(leaves.c.leaf_index, leaves.c.leaf_hash).where(leaves.c.leaf_index.in_(at_the_leaves))
        found |= {(0, row.leaf_index): row.leaf_hash for row in await work.run(query)}
    if higher:
        query = select(nodes).where(tuple_(nodes.c.level, nodes.c.position).in_(higher))
        found |= {(row.level, row.position): row.hash for row in await work.run(query)}
    return found


async def leaves_from(work: Work, first: int, limit: int) -> Sequence[Row[Any]]:
    """Leaves (leaf_index, content) in order."""
    wanted = select(leaves.c.leaf_index, leaves.c.content).where(leaves.c.leaf_index >= first)
    return (await work.run(wanted.order_by(leaves.c.leaf_index).limit(limit))).all()


async def whole_leaves_from(work: Work, first: int, limit: int) -> Sequence[Row[Any]]:
    """Leaves (leaf_index, content, leaf_hash) in order."""
    wanted = select(leaves).where(leaves.c.leaf_index >= first).order_by(leaves.c.leaf_index)
    return (await work.run(wanted.limit(limit))).all()


async def nodes_among(work: Work, places: Sequence[Place]) -> dict[Place, bytes]:
    """The stored hashes of these subtrees, of whichever are there."""
    if not places:
        return {}
    levels, positions = zip(*places, strict=True)
    found = await work.run(_NODES_AMONG, {"levels": list(levels), "positions": list(positions)})
    return {(row.level, row.position): row.hash for row in found}


async def leaves_of(work: Work, release_id: UUID, before: int) -> Sequence[Row[Any]]:
    """A release's leaves (leaf_index, content, leaf_hash) below a size of the tree, in order.

    Of many, the first and the most recent ones.
    """
    mine = leaves.c.release_id == release_id, leaves.c.leaf_index < before
    first = select(func.min(leaves.c.leaf_index)).where(*mine)
    recent = select(leaves.c.leaf_index).where(*mine).order_by(leaves.c.leaf_index.desc())
    shown = or_(
        leaves.c.leaf_index == first.scalar_subquery(),
        leaves.c.leaf_index.in_(recent.limit(MOST_LEAVES_SHOWN - 1)),
    )
    wanted = select(leaves).where(*mine, shown).order_by(leaves.c.leaf_index)
    return (await work.run(wanted)).all()


async def all_checkpoints(work: Work) -> Sequence[Row[Any]]:
    """Every checkpoint (size, note), smallest first."""
    return (await work.run(select(checkpoints).order_by(checkpoints.c.size))).all()


async def latest_checkpoint(work: Work) -> Row[Any] | None:
    """The newest checkpoint (size, note, verifying_key, at)."""
    wanted = select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
    return (await work.run(wanted)).first()


async def add_checkpoint(work: Work, leaf_count: int, note: str, verifying_key: str) -> None:
    """Store a checkpoint; storing it again changes nothing."""
    values = {"size": leaf_count, "note": note, "verifying_key": verifying_key, "at": work.now}
    await work.run(insert_or_skip(checkpoints).values(**values).on_conflict_do_nothing())
