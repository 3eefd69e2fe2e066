"""What happens to tax profiles."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TaxProfileSubmitted:
    """A creator declared something that staff have to review."""

    kind: ClassVar[str] = "tax_profiles.submitted"
    profile_id: UUID
    tenant: UUID


@dataclass(frozen=True, slots=True)
class TaxProfileReviewed:
    """Staff reviewed a tax profile.

    Attributes:
        state: `reviewed` or `refused`.
    """

    kind: ClassVar[str] = "tax_profiles.reviewed"
    profile_id: UUID
    tenant: UUID
    state: str
