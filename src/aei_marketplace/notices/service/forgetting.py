"""How long notices and their deliveries are kept."""

from datetime import timedelta
from uuid import UUID

from aei_marketplace.ground.work import Work, Works
from aei_marketplace.notices.store import deliveries, notices

KEPT, DELIVERIES_KEPT = timedelta(days=90), timedelta(days=30)
_AT_ONCE = 1000


async def forget_old(works: Works) -> bool:
    """Forget some of what is older; whether there may be more."""
    async with works.system("notices.forget") as work:
        ended = await deliveries.forget(work, work.now - DELIVERIES_KEPT, _AT_ONCE)
        old = await notices.forget(work, work.now - KEPT, _AT_ONCE)
    return _AT_ONCE in (ended, old)


async def forget_person(work: Work, user_id: UUID) -> None:
    """Forget what was written to somebody whose account is erased; for named jobs."""
    work.actor.require("tenant.administer")
    await notices.forget_person(work, user_id)
