"""Ending what runs of a release that the registry has stopped, in each process for itself."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from aei_marketplace.catalog import service as catalog
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.ground.live import until_quiet
from aei_marketplace.ground.ports import SandboxGone

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
            except (OSError, SQLAlchemyError, SandboxGone) as error:
                log.warning("executions.stopping_tries_again", error=str(error))


async def end_stopped(runs: Runs) -> int:
    """Ask for the end of every run here whose release is stopped; they end as `cancelled`, with the reason.

    Asking again does no harm: a run leaves once its end is recorded.

    Returns:
        How many were asked to end.
    """
    of_release = {run.start.release_id for run in runs.running.values()}
    if not of_release:
        return 0
    async with runs.deps.works.system("executions.end_stopped") as work:
        stopped = await catalog.stopped_among(work, of_release)
    ending = [(id, run) for id, run in runs.running.items() if run.start.release_id in stopped]
    for id, run in ending:
        why = f"the registry has stopped {run.start.plugin_id} {run.start.version}"
        await runs.cancel(id, f"{why} ({stopped[run.start.release_id]})")
    return len(ending)
