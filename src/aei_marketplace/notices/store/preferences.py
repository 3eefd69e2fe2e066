"""What people chose to hear of."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, insert, select

from aei_marketplace.ground.work import Work
from aei_marketplace.notices.models import notice_preferences as table


async def find(work: Work, user_id: UUID) -> dict[tuple[str, str], str]:
    """One person's choices, by kind and channel."""
    rows = await work.run(select(table).where(table.c.user_id == user_id))
    return {(row.kind, row.channel): row.setting for row in rows}


async def find_for(work: Work, user_ids: Sequence[UUID], kind: str, channel: str) -> dict[UUID, str]:
    """What several people chose for one kind on one channel."""
    query = select(table.c.user_id, table.c.setting).where(
        table.c.user_id.in_(user_ids), table.c.kind == kind, table.c.channel == channel
    )
    return {row.user_id: row.setting for row in await work.run(query)}


async def replace(work: Work, user_id: UUID, chosen: Mapping[tuple[str, str], str]) -> None:
    """Keep these choices in the place of all others."""
    await work.run(delete(table).where(table.c.user_id == user_id))
    rows = [
        {"user_id": user_id, "kind": kind, "channel": channel, "setting": setting}
        for (kind, channel), setting in chosen.items()
    ]
    if rows:
        await work.run(insert(table).values(rows))
