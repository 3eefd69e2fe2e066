"""What the job process does for notices."""

import asyncio

import structlog

from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service
from aei_marketplace.notices.events import NoticeWritten
from aei_marketplace.notices.store.notices import CHANNEL

#: The database's channel of written notices, and the topic of those who follow theirs.
NEWS = {CHANNEL: "notices"}
#: Between two looks at what is due, in seconds.
PAUSE_S = 1.0

log = structlog.get_logger()


async def put_on_its_way(deps: Deps, event: NoticeWritten, trace_id: str) -> None:
    """Find out whom a new notice concerns, and how it reaches them."""
    async with deps.works.system("notices.route", trace_id) as work:
        await service.put_on_its_way(work, event.notice_id)


async def deliver_for_ever(deps: Deps) -> None:
    """Send mails and webhooks as they become due, until cancelled."""
    dispatch = service.Dispatch(deps)
    try:
        while True:
            try:
                await dispatch.take_up()
            except Exception:
                log.exception("notices.dispatch_failed")  # the database may be back at the next look
            await asyncio.sleep(PAUSE_S)
    finally:
        await dispatch.stop()


async def forget_old(deps: Deps) -> None:
    """Forget old notices and deliveries."""
    while await service.forget_old(deps.works):
        pass
