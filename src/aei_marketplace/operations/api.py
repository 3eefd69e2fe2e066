"""Routes: one operation, and following it while it goes on."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.operations import service
from aei_marketplace.operations.service import Operation
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import HEARTBEAT, event, events_answer, json_answer

router = APIRouter(prefix="/api/operations", tags=["operations"])


@router.get("/{operation_id}")
async def get_operation(operation_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """How far an operation is, and how it ended."""
    return json_answer(shape(await _read(deps, actor, trace, operation_id)))


@router.get("/{operation_id}/events")
async def follow_operation(operation_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Server-sent events `operation`: the present state, each change, and the final state, which ends it."""
    await _read(deps, actor, trace, operation_id)
    return events_answer(_changes(deps, actor, trace, operation_id))


def shape(operation: Operation) -> dict[str, Any]:
    """An operation as the API shows it."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "state": operation.state,
        "progress": round(operation.progress, 4),
        "message": operation.message,
        "problem": operation.problem,
        "plugin_id": operation.plugin_id,
        "created_at": operation.created_at,
        "updated_at": operation.updated_at,
    }


async def _changes(deps: Deps, actor: Actor, trace: str, operation_id: UUID) -> AsyncIterator[bytes]:
    async for operation in service.follow(deps, actor, trace, [operation_id]):
        yield HEARTBEAT if operation is None else event("operation", shape(operation))


async def _read(deps: Deps, actor: Actor, trace: str, operation_id: UUID) -> Operation:
    async with deps.works.begin(actor, trace) as work:
        return await service.find_operation(work, operation_id)
