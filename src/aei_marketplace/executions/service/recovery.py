"""Executions that lost their process, or were lost in it, and what is forgotten with time."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from aei_marketplace.executions.rules.endings import ending, lost
from aei_marketplace.executions.service.owner import lock_key
from aei_marketplace.executions.service.runs import MOST_RUNNING, Runs
from aei_marketplace.executions.store import records
from aei_marketplace.ground.actor import Actor, system_actor
from aei_marketplace.ground.work import Works

OUTPUT_LASTS = timedelta(days=30)
EXECUTIONS_LAST = timedelta(days=400)
_BATCH = 500
#: So often a process looks for executions of its own that it does not run.
LOOK_SECONDS = 30.0

log = structlog.get_logger()


async def recover(works: Works) -> int:
    """End, as `worker_lost`, the executions whose process is gone; none is ever sent again.

    Returns:
        How many were ended.
    """
    async with works.system("executions.recover") as work:
        owners = await records.owners_with_running(work)
    return sum([await _recover_owner(works, owner) for owner in owners])


async def end_left_for_ever(runs: Runs) -> None:
    """Look again and again for what this process has lost."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await end_left(runs)
        except Exception:
            log.exception("executions.looking_tries_again")


async def end_left(runs: Runs) -> int:
    """End, as `worker_lost`, what this process began by its record and does not run.

    A start can be durable although the connection broke before it said so, and an end can be beyond
    writing. `recover` leaves both alone, because the process lives.

    Returns:
        How many were ended.
    """
    async with runs.deps.works.system("executions.recover") as work:
        # Read before the comparison: what ends in between has its end, and is not given another one.
        rows = await records.running_of(work, runs.owner.id, MOST_RUNNING + _BATCH)
    why = "its process lost it between start and end; it was not started again"
    left = [row for row in rows if row.id not in runs.running]
    return sum([await _end_one(runs.deps.works, row, why) for row in left])


async def forget_old(works: Works) -> int:
    """Drop output and log after 30 days and whole executions after 400; returns how many were touched."""
    async with works.system("executions.forget") as work:
        outputs = await records.forget_outputs(work, OUTPUT_LASTS, _BATCH)
        gone = await records.forget_executions(work, work.now - EXECUTIONS_LAST, _BATCH)
    return outputs + gone


async def _recover_owner(works: Works, owner: UUID) -> int:
    async with works.system("executions.recover") as work:
        # Held until this work ends, so that no second recovery reports the same loss.
        if not await records.owner_is_gone(work, lock_key(owner)):
            return 0
        rows = await records.running_of(work, owner, _BATCH)
        why = "the process that ran it ended before the execution did; it was not started again"
        return sum([await _end_one(works, row, why) for row in rows])


async def _end_one(works: Works, row: Any, why: str) -> bool:
    """In a work of its own: an entry belongs to the execution's tenant."""
    job: Actor = replace(system_actor("executions.recover"), tenant=row.tenant_id)
    end = ending(lost(row.id, why), row.plugin_id, row.version, row.id)
    async with works.begin(job, row.trace_id) as work:
        written = await records.write_end(work, row.id, end)
        if written:
            for fact in end.facts:
                work.record(fact)
    return written
