"""What happened to share agreements."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ShareAgreementSet:
    """A plugin has other terms from a moment on.

    Attributes:
        creator: the tenant that publishes it.
    """

    kind: ClassVar[str] = "sales.agreement_set"
    agreement_id: UUID
    plugin_id: str
    creator: UUID
    effective_from: datetime
