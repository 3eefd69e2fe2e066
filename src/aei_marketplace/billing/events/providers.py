"""What providers tell that others may act on."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ProviderTold:
    """A provider has told something; or what an event had waited for is known now."""

    kind: ClassVar[str] = "billing.provider_told"
    provider: str
    event_id: str


@dataclass(frozen=True, slots=True)
class TransferReturned:
    """Money that was transferred to a creator came back.

    Attributes:
        transfer: the provider's name of it.
        payout_id: our name of the payout, where it came back with it.
        amount: how much of it has come back in all, in minor units.
    """

    kind: ClassVar[str] = "billing.transfer_returned"
    provider: str
    transfer: str
    payout_id: UUID | None
    amount: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class EventRejected:
    """What a provider told contradicts what it was asked for: staff have to look.

    Attributes:
        what: the provider's name of such events.
    """

    kind: ClassVar[str] = "billing.event_rejected"
    provider: str
    event_id: str
    what: str
    reason: str
