"""Scans: of new releases before they are listed, and of what asks for a badge."""

import asyncio

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from aei_marketplace.catalog.events import ReleaseCompiled
from aei_marketplace.certification.service import guarding, requesting, scanning
from aei_marketplace.ground.deps import Deps

#: What waits is looked for so often.
PAUSE_S = 1.0
#: After something went wrong that a scan cannot be blamed for.
RECOVERY_S = 5.0

log = structlog.get_logger()


async def guard_release(deps: Deps, event: ReleaseCompiled, trace_id: str) -> None:
    """Have a new release scanned before it is listed."""
    async with deps.works.system("certification.guard", trace_id) as work:
        await requesting.guard_release(work, event.release_id)


async def scan_for_ever(deps: Deps) -> None:
    """Scan one after the other for as long as the process runs."""
    while True:
        try:
            busy = await scanning.scan_next(deps)
        except (OSError, SQLAlchemyError, asyncpg.PostgresError):
            log.warning("certification.tries_again", exc_info=True)
            busy = False
            await asyncio.sleep(RECOVERY_S)
        except Exception:
            # Its lease runs out, and another attempt follows; what waits behind it must not wait for that.
            log.exception("certification.scan_broke")
            busy = False
        if not busy:
            await asyncio.sleep(PAUSE_S)


async def try_held_again(deps: Deps) -> None:
    """Have new releases scanned again whose scan came to no end, as after a scanner was repaired."""
    await guarding.try_held_again(deps.works)
