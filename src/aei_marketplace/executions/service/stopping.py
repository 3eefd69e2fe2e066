"""Ending what runs of a stopped release or in a closed tenant, in each process for itself."""

from collections.abc import Collection, Mapping
from uuid import UUID

import structlog

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.store.quick import Start
from aei_marketplace.ground.live import until_quiet

#: So often it is looked even when nothing was heard: word of a stop can come between a run's admission
#: and its start, or while the connection that brings it is down.
LOOK_SECONDS = 2.0

log = structlog.get_logger()


async def end_stopped_for_ever(runs: Runs) -> None:
    """End stopped runs as soon as their stop is heard of, and at the latest at the next look."""
    with runs.deps.live.listen(catalog.STOPPED_NOW) as queue:
        async for _ in until_quiet(queue, LOOK_SECONDS):
            try:
                await end_stopped(runs)
            except Exception:
                # Whatever it was: who gives up here lets stopped code run on.
                log.exception("executions.stopping_tries_again")


async def end_stopped(runs: Runs) -> int:
    """Ask for the end of every run here that may not go on; they end as `cancelled`, with the reason.

    Asking again does no harm: a run leaves once its end is recorded.

    Returns:
        How many were asked to end.
    """
    starts = {id: run.start for id, run in runs.running.items()}
    if not starts:
        return 0
    async with runs.deps.works.system("executions.end_stopped") as work:
        stopped = await catalog.stopped_among(work, {start.release_id for start in starts.values()})
        closed = await accounts.closed_among(work, {start.tenant for start in starts.values()})
    ending = {id: why for id, start in starts.items() if (why := _why(start, stopped, closed))}
    for id, why in ending.items():
        await runs.cancel(id, why)
    return len(ending)


def _why(start: Start, stopped: Mapping[UUID, str], closed: Collection[UUID]) -> str | None:
    """Why a run may not go on; None when it may."""
    if start.tenant in closed:
        return "the tenant was closed"
    if reason := stopped.get(start.release_id):
        return f"the registry has stopped {start.plugin_id} {start.version} ({reason})"
    return None
