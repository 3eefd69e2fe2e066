"""What proofs are made of, as far as the reader may see it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text

from aei_marketplace.audit.models import checkpoints
from aei_marketplace.ground.work import Work
from aei_protocol.merkle import Place

_HASHES = text("select level, place, hash from audit_hashes(:levels, :positions)")
# One statement, since a proof is asked for by whoever waits.
_LEAF = text("""
select e.id is not null or a.entry_id is not null as known, l.sequence, e.content, a.file_name,
       coalesce(l.leaf_hash, e.leaf_hash) as leaf_hash, c.size, c.root, c.note, c.verifying_key, c.at
from (select cast(:entry as uuid) as id) w
left join audit_entries e on e.id = w.id
left join audit_archived_entries a on a.entry_id = w.id
left join audit_leaves l on l.entry_id = w.id
left join lateral (select * from audit_checkpoints order by size desc limit 1) c on true
""")


async def find_leaf(work: Work, entry_id: UUID) -> Row[Any]:
    """An entry with its place, hash, bytes (None when archived) and archive, and the newest checkpoint.

    `known` says whether there is such an entry; the place is None while it waits for one; the
    checkpoint's columns are None when there is none.
    """
    return (await work.run(_LEAF, {"entry": entry_id})).one()


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
