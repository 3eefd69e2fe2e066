"""Purchases: the states that one goes through, and how long each gives access."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.billing.errors.purchases import PurchaseStateRefused
from aei_marketplace.billing.rules.prices import Model, Price

#: An invoice is due so long after it was issued; until then whoever had access keeps it.
TERM = timedelta(days=14)
#: Whoever pays on account keeps it for so long after that.
PATIENCE = timedelta(days=30)


class PurchaseState(StrEnum):
    """Where a purchase stands."""

    PENDING_PAYMENT = "pending_payment"
    TRIAL = "trial"
    ACTIVE = "active"
    CANCELLED_AT_PERIOD_END = "cancelled_at_period_end"
    SUSPENDED = "suspended"
    ENDED = "ended"
    REFUNDED = "refunded"


class Step(StrEnum):
    """What happens to a purchase."""

    PAY = "pay"
    RENEW = "renew"
    CANCEL = "cancel"
    RESUME = "resume"
    SUSPEND = "suspend"
    END = "end"
    REFUND = "refund"


_S = PurchaseState
_STEPS: dict[tuple[PurchaseState, Step], PurchaseState] = {
    (_S.PENDING_PAYMENT, Step.PAY): _S.ACTIVE,
    (_S.TRIAL, Step.PAY): _S.TRIAL,
    (_S.TRIAL, Step.RENEW): _S.ACTIVE,
    (_S.TRIAL, Step.CANCEL): _S.CANCELLED_AT_PERIOD_END,
    (_S.TRIAL, Step.END): _S.ENDED,
    (_S.ACTIVE, Step.PAY): _S.ACTIVE,
    (_S.ACTIVE, Step.RENEW): _S.ACTIVE,
    (_S.ACTIVE, Step.CANCEL): _S.CANCELLED_AT_PERIOD_END,
    (_S.ACTIVE, Step.SUSPEND): _S.SUSPENDED,
    (_S.ACTIVE, Step.END): _S.ENDED,
    (_S.CANCELLED_AT_PERIOD_END, Step.PAY): _S.CANCELLED_AT_PERIOD_END,
    (_S.CANCELLED_AT_PERIOD_END, Step.RESUME): _S.ACTIVE,
    (_S.CANCELLED_AT_PERIOD_END, Step.END): _S.ENDED,
    (_S.SUSPENDED, Step.PAY): _S.ACTIVE,
    (_S.SUSPENDED, Step.CANCEL): _S.ENDED,
    (_S.SUSPENDED, Step.END): _S.ENDED,
    **{(state, Step.REFUND): _S.REFUNDED for state in _S if state not in (_S.ENDED, _S.REFUNDED)},
}
_NOT = {Step.CANCEL: "is not cancelled", Step.RESUME: "is not taken up again"}


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a tenant has bought.

    Attributes:
        creator: the publisher's tenant when it was bought.
        version: the release whose price was agreed to.
        price: what is charged for the present period.
        anchor: from when periods are counted; None until the first begins.
        periods: how many have begun since.
        period_end: when the present one, or the trial, is over; None of what has no end.
        trial_left: executions that are still free.
        access_from, access_until: when it gives access; from None: not yet, until None: without end.
    """

    id: UUID
    tenant_id: UUID
    plugin_id: str
    creator: UUID
    version: str
    state: PurchaseState
    price_id: UUID
    price: Price
    bought_by: UUID
    bought_at: datetime
    anchor: datetime | None = None
    periods: int = 0
    period_end: datetime | None = None
    trial_left: int = 0
    access_from: datetime | None = None
    access_until: datetime | None = None
    cancelled_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None

    def gives_access(self, now: datetime) -> bool:
        """Whether plugins run under it."""
        begun = self.access_from is not None and self.access_from <= now
        return begun and (self.access_until is None or now < self.access_until)

    @property
    def in_trial(self) -> bool:
        """Whether no period that costs anything has begun."""
        return self.periods == 0


def step(purchase: Purchase, taken: Step) -> PurchaseState:
    """The state that a step leads to.

    Raises:
        PurchaseStateRefused: there is no such step from the present one.
    """
    if taken in (Step.CANCEL, Step.RESUME) and purchase.price.model is Model.ONE_TIME:
        raise PurchaseStateRefused(
            f"{purchase.plugin_id} was bought for good; there is nothing to cancel.",
            advice="Ask for a refund where the plugin does not do what it says.",
        )
    reached = _STEPS.get((purchase.state, taken))
    if reached is None:
        raise PurchaseStateRefused(
            f"The purchase is {purchase.state}: it {_NOT.get(taken, f'does not {taken}')}.",
            advice="What is not paid yet ends when the operator credits its invoice.",
        )
    return reached


def resumed(purchase: Purchase) -> PurchaseState:
    """The state in which a cancelled purchase goes on: its trial, where that is what was cancelled.

    Raises:
        PurchaseStateRefused: it is not cancelled.
    """
    state = step(purchase, Step.RESUME)
    trying = purchase.in_trial and purchase.price.model is Model.SUBSCRIPTION
    return PurchaseState.TRIAL if trying else state


def access_until(
    state: PurchaseState,
    model: Model,
    period_end: datetime | None,
    unpaid_due: datetime | None,
    *,
    on_account: bool,
) -> datetime | None:
    """When a purchase that gives access stops to, unless something happens before.

    A subscription that goes on keeps it for as long as its next invoice has to be paid, so that neither a
    late job nor a payment within its term costs anybody a run.

    Args:
        unpaid_due: when the oldest unpaid invoice for the plugin is due.
    """
    ends = None if unpaid_due is None else unpaid_due + (PATIENCE if on_account else timedelta())
    if state is PurchaseState.CANCELLED_AT_PERIOD_END:
        own = period_end
    elif model is Model.SUBSCRIPTION and period_end is not None:
        own = period_end + TERM
    else:
        own = None
    return min((each for each in (own, ends) if each is not None), default=None)
