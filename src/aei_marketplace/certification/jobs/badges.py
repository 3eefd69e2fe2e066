"""Badges: signed, and ended by what comes to be known or by time."""

import asyncio

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from aei_inspection.signatures import PrivateKey
from aei_marketplace.catalog.events import AdvisoryFiled, ReleaseStateChanged
from aei_marketplace.catalog.service import STOPPED
from aei_marketplace.certification.events.advisories import ReleaseVulnerabilitiesChanged
from aei_marketplace.certification.service import badges
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Works

#: An approval waits at most so long for its signature.
PAUSE_S = 1.0

log = structlog.get_logger()


async def sign_for_ever(works: Works, key: PrivateKey) -> None:
    """Sign what is approved for as long as the process runs. For the job process alone."""
    while True:
        try:
            await badges.sign_badges(works, key)
        except (OSError, SQLAlchemyError, asyncpg.PostgresError):
            log.warning("certification.signing_tries_again", exc_info=True)
        except Exception:
            # Whatever it is, approvals must not wait for the next start of the process.
            log.exception("certification.signing_broke")
        await asyncio.sleep(PAUSE_S)


async def end_stopped(deps: Deps, event: ReleaseStateChanged, trace_id: str) -> None:
    """Suspend the badge of a release that the registry has stopped."""
    if event.state in STOPPED:
        await badges.end_stopped(deps.works, event.release_id, event.state, trace_id)


async def end_affected(deps: Deps, event: AdvisoryFiled, trace_id: str) -> None:
    """Suspend the badges of releases that a grave advisory about their plugin concerns."""
    await badges.end_affected(deps.works, event.advisory_id, trace_id)


async def end_vulnerable(deps: Deps, event: ReleaseVulnerabilitiesChanged, trace_id: str) -> None:
    """Suspend the badge of a release against whose packages a grave advisory stands now."""
    if event.appeared:
        await badges.end_vulnerable(deps.works, event.release_id, event.appeared, trace_id)


async def end_expired(deps: Deps) -> None:
    """End the badges whose time is over."""
    await badges.end_expired(deps.works)
