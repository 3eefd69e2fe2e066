"""Taking entries out of the database. Named jobs only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from aei_marketplace.audit.rules.archives import Archived
from aei_marketplace.ground.work import Work

# Entries are taken from the oldest on without a gap: up to the first that is too young, and never one that
# no checkpoint covers or that a collector has not acknowledged.
_RANGE = text("""
select first, least(
  coalesce((select min(l.sequence) from audit_leaves l join audit_entries e on e.id = l.entry_id
            where l.sequence >= first and e.at >= :before), (select max(sequence) + 1 from audit_leaves)),
  (select coalesce(max(size), 0) from audit_checkpoints),
  coalesce((select min(next) from audit_deliveries), 9223372036854775807)) as after
from (select coalesce(max(after), 0) as first from audit_archives) a
""")
_ENTRIES = text("""
select l.sequence, l.leaf_hash, e.content from audit_leaves l join audit_entries e on e.id = l.entry_id
where l.sequence >= :first and l.sequence < :after order by l.sequence limit :limit
""")
_ADD = text("""
insert into audit_archives (first, after, file_name, sha256, size_bytes, at)
values (:first, :after, :file_name, :sha256, :size_bytes, :at)
""")
_TAKE_OUT = text("select audit_take_out(:first)")


async def range_before(work: Work, before: datetime) -> tuple[int, int]:
    """Which entries may be archived: `first` to before `after`; none when they are equal or cross."""
    row = (await work.run(_RANGE, {"before": before})).one()
    return row.first, row.after or 0


async def entries_of(work: Work, first: int, after: int, limit: int) -> list[Row[Any]]:
    """Entries in order: place, leaf hash, bytes."""
    found = await work.run(_ENTRIES, {"first": first, "after": after, "limit": limit})
    return list(found.all())


async def take_out(work: Work, archived: Archived, size_bytes: int) -> None:
    """Note the archive and delete what it holds."""
    values = {
        "first": archived.first,
        "after": archived.after,
        "file_name": archived.file_name,
        "sha256": archived.sha256,
        "size_bytes": size_bytes,
        "at": work.now,
    }
    await work.run(_ADD, values)
    await work.run(_TAKE_OUT, {"first": archived.first})
