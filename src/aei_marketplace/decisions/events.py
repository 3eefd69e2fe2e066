"""What happens to cases, told to the domains that brought them and to whoever sends notices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """Something waits for a decision."""

    kind: ClassVar[str] = "decisions.case_opened"
    case_id: UUID
    case_kind: str
    subject_type: str
    subject_id: str
    party: UUID


@dataclass(frozen=True, slots=True)
class CaseDecided:
    """A case was decided; in round 2 for good."""

    kind: ClassVar[str] = "decisions.case_decided"
    case_id: UUID
    case_kind: str
    subject_type: str
    subject_id: str
    party: UUID
    round: int
    verdict: str


@dataclass(frozen=True, slots=True)
class CaseAppealed:
    """The affected tenant appealed: the case waits again, for its second and last decision."""

    kind: ClassVar[str] = "decisions.case_appealed"
    case_id: UUID
    case_kind: str
    subject_type: str
    subject_id: str
    party: UUID
