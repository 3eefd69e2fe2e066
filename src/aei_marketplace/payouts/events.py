"""What happened to payouts, for whoever reacts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CloseAsked:
    """A member of staff has asked for the close of a month.

    Attributes:
        period: written as `2026-11`.
    """

    kind: ClassVar[str] = "payouts.close_asked"
    period: str
    by: UUID


@dataclass(frozen=True, slots=True)
class MonthFinished:
    """A month is closed to its end.

    Attributes:
        period: written as `2026-11`.
        payouts: how many are reserved.
    """

    kind: ClassVar[str] = "payouts.month_finished"
    period: str
    payouts: int


@dataclass(frozen=True, slots=True)
class PayoutReleased:
    """A payout may leave."""

    kind: ClassVar[str] = "payouts.released"
    payout_id: UUID


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """The bank has taken it."""

    kind: ClassVar[str] = "payouts.paid"
    payout_id: UUID


@dataclass(frozen=True, slots=True)
class PayoutEnded:
    """It failed, was returned or was cancelled: the amount goes back to the creator's balance."""

    kind: ClassVar[str] = "payouts.ended"
    payout_id: UUID
