"""Every query of the operations."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from aei_marketplace.ground.work import Work
from aei_marketplace.operations.models import operations
from aei_marketplace.operations.rules import Operation, OperationState

#: The channel on which the database says which operation has changed, once that is committed.
CHANNEL = "aei_operation"
# Every page with cards asks: to compose it took longer than to answer it.
_OPEN = (
    select(operations)
    .where(
        operations.c.tenant_id == bindparam("tenant"),
        operations.c.state.in_((OperationState.QUEUED, OperationState.RUNNING)),
        operations.c.kind == any_(bindparam("kinds", type_=ARRAY(Text))),
        operations.c.plugin_id == any_(bindparam("plugin_ids", type_=ARRAY(Text))),
    )
    .order_by(operations.c.created_at)
)


async def add(work: Work, operation: Operation) -> None:
    """Write a new operation down and say so."""
    await work.run(insert(operations).values(**asdict(operation)))
    await _tell(work, operation.id)


async def find(work: Work, operation_id: UUID, *, lock: bool = False) -> Operation | None:
    """An operation that the actor may see; `lock` holds it until the work ends."""
    statement = select(operations).where(operations.c.id == operation_id)
    row = (await work.run(statement.with_for_update() if lock else statement)).first()
    return None if row is None else _operation(row)


async def find_several(work: Work, ids: Sequence[UUID]) -> list[Operation]:
    """Those of these operations that the actor may see."""
    rows = await work.run(select(operations).where(operations.c.id.in_(ids)))
    return [_operation(row) for row in rows]


async def list_open(work: Work, kinds: Sequence[str], plugin_ids: Sequence[str]) -> list[Operation]:
    """Operations of the actor's tenant that have not ended, the oldest first."""
    asked = {"tenant": work.actor.tenant, "kinds": list(kinds), "plugin_ids": list(plugin_ids)}
    return [_operation(row) for row in await work.run(_OPEN, asked)]


async def list_recent(work: Work, states: Sequence[OperationState], limit: int) -> list[Operation]:
    """Operations in one of these states that the actor may see, those that moved last first."""
    statement = select(operations).where(operations.c.state.in_(states))
    rows = await work.run(statement.order_by(operations.c.updated_at.desc()).limit(limit))
    return [_operation(row) for row in rows]


async def list_forgotten(work: Work, before: datetime) -> list[UUID]:
    """Operations without an end that nobody has moved since."""
    ended = (OperationState.SUCCEEDED, OperationState.FAILED)
    statement = select(operations.c.id).where(
        operations.c.state.not_in(ended), operations.c.updated_at < before
    )
    return list((await work.run(statement)).scalars())


async def save(work: Work, operation: Operation) -> None:
    """Write down where an operation now stands, and say so."""
    moved = {
        "state": operation.state,
        "progress": operation.progress,
        "message": operation.message,
        "problem": operation.problem,
        "updated_at": operation.updated_at,
    }
    await work.run(update(operations).where(operations.c.id == operation.id).values(**moved))
    await _tell(work, operation.id)


async def _tell(work: Work, operation_id: UUID) -> None:
    await work.run(select(func.pg_notify(CHANNEL, str(operation_id))))


def _operation(row: Row[Any]) -> Operation:
    return Operation(**{**row._mapping, "state": OperationState(row.state)})
