"""What becomes of prices."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PriceAnnounced:
    """A plugin gets another price.

    Attributes:
        before, after: both in words, `Free` among them; `before` is None of a plugin's first price.
    """

    kind: ClassVar[str] = "billing.price_announced"
    price_id: UUID
    plugin_id: str
    before: str | None
    after: str
    effective_from: datetime
