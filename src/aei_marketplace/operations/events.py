"""What happens to operations."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OperationFailed:
    """An operation ended without what it was for.

    Attributes:
        operation: what was being done, for example `install`.
        actor_id: who asked for it; None when the marketplace itself did.
        problem: the title of the problem document.
    """

    kind: ClassVar[str] = "operations.failed"
    operation_id: UUID
    tenant_id: UUID | None
    operation: str
    plugin_id: str | None
    actor_id: UUID | None
    problem: str
