"""Ending a running execution at somebody's wish."""

from uuid import UUID

from aei_marketplace.executions.errors import AlreadyEnded, NotHere
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.records import read_execution
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.ground.actor import Actor


async def cancel(runs: Runs, actor: Actor, id: UUID) -> Execution:
    """Ask for the end of an execution; it comes as outcome `cancelled`, unless another was faster.

    Raises:
        NoSuchExecution: there is none that the actor may see.
        AlreadyEnded: it has its end.
        NotHere: another process runs it.
    """
    actor.require("plugin.execute")
    execution = await read_execution(runs.deps.works, actor, id)
    if execution.ended_at is not None:
        raise AlreadyEnded(f"Execution {id} ended with outcome {execution.outcome}.")
    if id not in runs.running:
        raise NotHere(f"Execution {id} is run by another process of this marketplace.")
    await runs.cancel(id)
    return execution
