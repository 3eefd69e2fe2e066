"""What can be done with operations.

The functions that write ask for no action of their own: they are part of another domain's work,
which has required its action before, and row-level security keeps each tenant to its own.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import until_quiet
from aei_marketplace.ground.outbox import FailedJob, Lane
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.operations import rules, store
from aei_marketplace.operations.errors import JobNotFound, OperationNotFound
from aei_marketplace.operations.events import OperationFailed
from aei_marketplace.operations.rules import Operation, OperationState

__all__ = [
    "OPERATE",
    "Background",
    "FailedJob",
    "Lane",
    "Operation",
    "OperationState",
    "advance",
    "fail",
    "fail_forgotten",
    "find_operation",
    "find_operations",
    "follow",
    "list_under_way",
    "look_at_queue",
    "open_operation",
    "retry_job",
    "succeed",
]

#: What staff must hold to see and move what runs in the background.
OPERATE = "policy.operate"
MOST_SHOWN = 50
#: After so many quiet seconds a follower looks again, whatever news were lost.
QUIET_S = 5.0
#: The queue's last attempt comes earlier than this.
FORGOTTEN = timedelta(minutes=30)
_GAVE_UP = {
    "type": "/problems/gave-up",
    "title": "Nobody could carry this out",
    "status": 503,
    "detail": "What it needed did not answer for half an hour. Nothing was changed; ask for it again.",
    "errors": [],
    "retry": True,
}


@dataclass(frozen=True, slots=True)
class Background:
    """What runs in the background.

    Attributes:
        lanes: how the queue stands, by kind of event.
        jobs: reactions that gave up.
        running, failed: operations, those that moved last first.
    """

    lanes: tuple[Lane, ...]
    jobs: tuple[FailedJob, ...]
    running: tuple[Operation, ...]
    failed: tuple[Operation, ...]


async def open_operation(work: Work, kind: str, plugin_id: str | None = None) -> Operation:
    """Open an operation of the actor's tenant; without a tenant it is everybody's to see."""
    operation = Operation(
        id=new_id(),
        tenant_id=work.actor.tenant,
        kind=kind,
        state=OperationState.QUEUED,
        progress=0.0,
        message="Waiting for its turn",
        problem=None,
        plugin_id=plugin_id,
        actor_id=work.actor.id,
        created_at=work.now,
        updated_at=work.now,
    )
    await store.add(work, operation)
    return operation


async def advance(work: Work, operation_id: UUID, progress: float, message: str) -> Operation:
    """Say how far an operation is (0 to 1) and what it does now.

    Raises:
        OperationNotFound: there is none that the actor may see.
        OperationEnded: it has ended.
    """
    operation = await _held(work, operation_id)
    return await _save(work, operation, rules.advanced(operation, progress, message, work.now))


async def succeed(work: Work, operation_id: UUID, message: str) -> Operation:
    """End an operation well; saying it again changes nothing.

    Raises:
        OperationNotFound: there is none that the actor may see.
        OperationEnded: it has failed.
    """
    operation = await _held(work, operation_id)
    return await _save(work, operation, rules.succeeded(operation, message, work.now))


async def fail(work: Work, operation_id: UUID, problem: Mapping[str, Any]) -> Operation:
    """End an operation with a problem document; saying it again changes nothing.

    Raises:
        OperationNotFound: there is none that the actor may see.
        OperationEnded: it has succeeded.
    """
    operation = await _held(work, operation_id)
    failed = await _save(work, operation, rules.failed(operation, problem, work.now))
    if failed != operation:
        work.emit(_told(failed))
    return failed


async def fail_forgotten(work: Work) -> int:
    """End the operations that nobody has moved for so long that nobody will; how many there were."""
    forgotten = await store.list_forgotten(work, work.now - FORGOTTEN)
    for operation_id in forgotten:
        await fail(work, operation_id, _GAVE_UP)
    return len(forgotten)


async def find_operation(work: Work, operation_id: UUID) -> Operation:
    """An operation as it stands.

    Raises:
        OperationNotFound: there is none that the actor may see.
    """
    operation = await store.find(work, operation_id)
    if operation is None:
        raise OperationNotFound(f"There is no operation {operation_id} in your tenant.")
    return operation


async def find_operations(work: Work, ids: Sequence[UUID]) -> list[Operation]:
    """Several operations as they stand, in this order.

    Raises:
        OperationNotFound: one of them the actor may not see.
    """
    found = {operation.id: operation for operation in await store.find_several(work, ids)}
    for id in ids:
        if id not in found:
            raise OperationNotFound(f"There is no operation {id} in your tenant.")
    return [found[id] for id in ids]


async def follow(
    deps: Deps, actor: Actor, trace_id: str, ids: Sequence[UUID]
) -> AsyncIterator[Operation | None]:
    """Operations as they stand and each change, until all have ended; None while nothing happens.

    Raises:
        OperationNotFound: one of them the actor may not see.
    """
    told: dict[UUID, Operation] = {}
    with deps.live.listen(*(f"operation:{id}" for id in ids)) as news:
        # Read after listening has begun, so that no change falls between the two.
        for operation in await _look(deps, actor, trace_id, ids):
            told[operation.id] = operation
            yield operation
        if _ended(told):
            return
        async for _ in until_quiet(news, QUIET_S):
            open_ids = [id for id in ids if not told[id].state.final]
            changed = [o for o in await _look(deps, actor, trace_id, open_ids) if o != told[o.id]]
            for operation in changed:
                told[operation.id] = operation
                yield operation
            if _ended(told):
                return
            if not changed:
                yield None


async def list_under_way(work: Work, kinds: Sequence[str], plugin_ids: Sequence[str]) -> list[Operation]:
    """What the actor's tenant does with these plugins right now, the oldest first."""
    return await store.list_open(work, kinds, plugin_ids)


async def look_at_queue(works: Works, actor: Actor, trace_id: str) -> Background:
    """What runs in the background, in all tenants; for staff who operate the marketplace.

    Raises:
        NotAllowed: the actor does not operate it.
    """
    async with works.begin(actor, trace_id) as work:
        work.actor.require(OPERATE)
        running = await store.list_recent(work, (OperationState.QUEUED, OperationState.RUNNING), MOST_SHOWN)
        failed = await store.list_recent(work, (OperationState.FAILED,), MOST_SHOWN)
    async with works.system("operations.queue") as work:
        lanes = await works.queue.lanes(work.connection)
        jobs = await works.queue.failed(work.connection, MOST_SHOWN)
    return Background(tuple(lanes), tuple(jobs), tuple(running), tuple(failed))


async def retry_job(works: Works, actor: Actor, trace_id: str, job_id: int) -> None:
    """Have a job that gave up tried again from its first attempt.

    Raises:
        NotAllowed: the actor does not operate the marketplace.
        JobNotFound: no job of this id has given up; somebody else may have retried it.
    """
    async with works.begin(actor, trace_id) as work:
        work.actor.require(OPERATE)
        work.record(Fact("job.retry", "job", str(job_id)))
    async with works.system("operations.queue", trace_id) as work:
        if not await works.queue.retry(work.connection, job_id):
            raise JobNotFound(f"No job {job_id} has given up.")


async def _look(deps: Deps, actor: Actor, trace_id: str, ids: Sequence[UUID]) -> list[Operation]:
    async with deps.works.begin(actor, trace_id) as work:
        return await find_operations(work, ids)


def _ended(operations: Mapping[UUID, Operation]) -> bool:
    return all(operation.state.final for operation in operations.values())


def _told(failed: Operation) -> OperationFailed:
    return OperationFailed(
        failed.id, failed.tenant_id, failed.kind, failed.plugin_id, failed.actor_id, failed.message
    )


async def _held(work: Work, operation_id: UUID) -> Operation:
    operation = await store.find(work, operation_id, lock=True)
    if operation is None:
        raise OperationNotFound(f"There is no operation {operation_id} in your tenant.")
    return operation


async def _save(work: Work, before: Operation, after: Operation) -> Operation:
    if after != before:
        await store.save(work, after)
    return after
