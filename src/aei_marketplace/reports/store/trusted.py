"""The list of trusted reporters."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reports.models import trusted_reporters


async def is_trusted(work: Work, user_id: UUID, tenant_id: UUID) -> bool:
    """Whether a person stands on the list, or their tenant."""
    theirs = or_(trusted_reporters.c.user_id == user_id, trusted_reporters.c.tenant_id == tenant_id)
    return (await work.run(select(trusted_reporters.c.id).where(theirs).limit(1))).first() is not None


async def add(work: Work, values: dict[str, Any]) -> bool:
    """Add an entry; False when there is one for the same reporter."""
    done = await work.run(insert(trusted_reporters).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def remove(work: Work, entry_id: UUID) -> bool:
    """Remove an entry; False when there is none."""
    gone = delete(trusted_reporters).where(trusted_reporters.c.id == entry_id)
    return (await work.run(gone)).rowcount == 1


async def find_page(work: Work, after: UUID | None, limit: int) -> tuple[Sequence[Row[Any]], int]:
    """Entries, the newest first, one more than `limit` if there are more; and how many there are."""
    total = (await work.run(select(func.count()).select_from(trusted_reporters))).scalar_one()
    page = select(trusted_reporters).order_by(trusted_reporters.c.id.desc()).limit(limit + 1)
    wanted = page if after is None else page.where(trusted_reporters.c.id < after)
    return (await work.run(wanted)).all(), total
