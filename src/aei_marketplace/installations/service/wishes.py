"""What was decided in a dialog, kept for as long as it may have to be asked for again."""

from datetime import timedelta
from uuid import UUID

from aei_marketplace.ground.work import Work, Works
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.requests import Along, Wish

KEPT = timedelta(days=7)


async def keep_wish(work: Work, operation_id: UUID, plugin_id: str, wish: Wish) -> None:
    """Keep what an operation was asked with, but for its configuration; nothing where nothing was decided."""
    if wish.grants is None and wish.along is None:
        return
    along = (
        {id: {"version": each.version, "grants": each.grants} for id, each in wish.along.items()}
        if wish.along
        else None
    )
    values = {
        "operation_id": operation_id,
        "tenant_id": work.actor.in_tenant(),
        "plugin_id": plugin_id,
        "version": wish.version,
        "channel": wish.channel,
        "grants": wish.grants,
        "along": along,
        "created_at": work.now,
    }
    await store.add_wish(work, values)


async def find_wish(work: Work, operation_id: UUID, plugin_id: str) -> Wish | None:
    """What an operation of the actor's tenant on a plugin was asked with, if that is kept."""
    row = await store.find_wish(work, operation_id, plugin_id)
    if row is None:
        return None
    along = {id: Along(each["version"], each["grants"]) for id, each in (row.along or {}).items()}
    return Wish(row.version, row.channel, row.grants, along=along or None)


async def forget_wishes(works: Works) -> None:
    """Drop what was kept for long enough."""
    async with works.system("installations.forget_wishes") as work:
        await store.forget_wishes(work, work.now - KEPT)
