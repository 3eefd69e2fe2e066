"""A process that runs executions, from its start to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aei_marketplace.executions.service.calling import caller
from aei_marketplace.executions.service.owner import hold_owner
from aei_marketplace.executions.service.recovery import end_left_for_ever
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.service.stopping import end_stopped_for_ever
from aei_marketplace.ground.deps import Deps


@asynccontextmanager
async def serving(deps: Deps, app_url: str) -> AsyncIterator[Runs]:
    """The executions of this process; at the end all of them are ended and recorded.

    Args:
        app_url: asyncpg DSN on which the process's lock is held.
    """
    async with hold_owner(app_url) as owner:
        runs = Runs(deps, owner)
        runs.on_call = caller(runs)
        watching = [asyncio.create_task(watch(runs)) for watch in (end_stopped_for_ever, end_left_for_ever)]
        try:
            yield runs
        finally:
            for watch in watching:
                watch.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            await runs.close()
