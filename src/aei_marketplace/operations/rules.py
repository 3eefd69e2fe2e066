"""How an operation moves: queued, running, then succeeded or failed for good."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from aei_marketplace.operations.errors import OperationEnded

LONGEST_MESSAGE = 1000


class OperationState(StrEnum):
    """Where an operation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self in (OperationState.SUCCEEDED, OperationState.FAILED)


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that takes a while.

    Attributes:
        tenant_id: whose it is; None for what everybody may see.
        kind: what is being done, for example `install`.
        progress: how far it is, 0 to 1.
        message: the present step in words that people read.
        problem: why it failed, as a problem document (RFC 9457); None unless it failed.
        plugin_id: the plugin it is about, if it is about one.
        actor_id: who asked for it; None when the marketplace itself did.
    """

    id: UUID
    tenant_id: UUID | None
    kind: str
    state: OperationState
    progress: float
    message: str
    problem: Mapping[str, Any] | None
    plugin_id: str | None
    actor_id: UUID | None
    created_at: datetime
    updated_at: datetime


def advanced(operation: Operation, progress: float, message: str, now: datetime) -> Operation:
    """The operation further on. Progress never goes back: a job that runs twice keeps what was reached.

    Raises:
        OperationEnded: it has ended.
    """
    _require_open(operation, OperationState.RUNNING)
    reached = max(operation.progress, min(1.0, max(0.0, progress)))
    return replace(
        operation,
        state=OperationState.RUNNING,
        progress=reached,
        message=message[:LONGEST_MESSAGE],
        updated_at=now,
    )


def succeeded(operation: Operation, message: str, now: datetime) -> Operation:
    """The operation, done. Unchanged if it was: a job that runs twice may say so twice.

    Raises:
        OperationEnded: it has failed.
    """
    if operation.state is OperationState.SUCCEEDED:
        return operation
    _require_open(operation, OperationState.SUCCEEDED)
    return replace(
        operation,
        state=OperationState.SUCCEEDED,
        progress=1.0,
        message=message[:LONGEST_MESSAGE],
        updated_at=now,
    )


def failed(operation: Operation, problem: Mapping[str, Any], now: datetime) -> Operation:
    """The operation, failed, with its problem document. Unchanged if it had failed.

    Raises:
        OperationEnded: it has succeeded.
    """
    if operation.state is OperationState.FAILED:
        return operation
    _require_open(operation, OperationState.FAILED)
    message = str(problem.get("title", "Failed"))[:LONGEST_MESSAGE]
    return replace(
        operation, state=OperationState.FAILED, message=message, problem=dict(problem), updated_at=now
    )


def _require_open(operation: Operation, wanted: OperationState) -> None:
    if operation.state.final:
        raise OperationEnded(f"The operation has {operation.state} and cannot become {wanted}.")
