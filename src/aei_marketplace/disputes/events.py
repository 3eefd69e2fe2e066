"""What happens to disputes."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DisputeOpened:
    """A sale is disputed; the creator's part is to be held."""

    kind: ClassVar[str] = "disputes.opened"
    dispute_id: UUID


@dataclass(frozen=True, slots=True)
class DisputeEnded:
    """A dispute has ended; the creator's part is to be released or is gone.

    Attributes:
        state: `won`, `lost` or `withdrawn`.
    """

    kind: ClassVar[str] = "disputes.ended"
    dispute_id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class EvidenceDue:
    """Evidence is due within a day and none was shown."""

    kind: ClassVar[str] = "disputes.evidence_due"
    dispute_id: UUID
