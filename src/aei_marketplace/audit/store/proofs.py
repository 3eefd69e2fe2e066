"""What proofs are made of, as far as the reader may see it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text

from aei_marketplace.audit.models import archived_entries, checkpoints, entries, leaves
from aei_marketplace.ground.work import Work
from aei_protocol.merkle import Place

_HASHES = text("select level, place, hash from audit_hashes(:levels, :positions)")


async def find_leaf(work: Work, entry_id: UUID) -> Row[Any] | None:
    """An entry's place, hash, bytes (None when archived) and archive; None when there is no such entry.

    The place is None while the entry waits for it.
    """
    here = (
        select(
            leaves.c.sequence,
            entries.c.leaf_hash,
            entries.c.content,
            select(None).scalar_subquery().label("file_name"),
        )
        .select_from(entries.outerjoin(leaves, leaves.c.entry_id == entries.c.id))
        .where(entries.c.id == entry_id)
    )
    gone = (
        select(
            leaves.c.sequence,
            leaves.c.leaf_hash,
            select(None).scalar_subquery().label("content"),
            archived_entries.c.file_name,
        )
        .select_from(leaves.join(archived_entries, archived_entries.c.entry_id == leaves.c.entry_id))
        .where(leaves.c.entry_id == entry_id)
    )
    return (await work.run(here)).one_or_none() or (await work.run(gone)).one_or_none()


async def newest_checkpoint(work: Work) -> Row[Any] | None:
    """The checkpoint over the largest tree: size, root, note, verifying key, time."""
    return (await work.run(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1))).one_or_none()


async def checkpoint_of(work: Work, size: int) -> Row[Any] | None:
    """The checkpoint over exactly so many entries."""
    return (await work.run(select(checkpoints).where(checkpoints.c.size == size))).one_or_none()


async def hashes(work: Work, places: Iterable[Place]) -> dict[Place, bytes]:
    """The hashes of perfect subtrees and leaves."""
    wanted = list(places)
    values = {"levels": [level for level, _ in wanted], "positions": [position for _, position in wanted]}
    return {(row.level, row.place): bytes(row.hash) for row in await work.run(_HASHES, values)}
