"""Payouts: the states that one goes through, and what stands before each step."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts.errors import (
    OwnPayout,
    PayoutHeld,
    PayoutMoveRefused,
    ReleaseTooEarly,
    SecondPersonNeeded,
    TaxModelUnconfirmed,
    TaxNotReviewed,
)
from aei_marketplace.payouts.rules.tax import withholding_of
from aei_marketplace.tax_profiles.rules.profiles import TaxStanding

#: Payouts of a month are released from this day of the next one on, midnight UTC.
RELEASED_FROM = 15
#: A provider that gave no answer is asked again for so long.
ASKED_WITHIN = timedelta(hours=20)
#: The last time that it is asked has its answer within so long.
_ANSWERED_WITHIN = timedelta(hours=1)


class State(StrEnum):
    """How far a payout has come."""

    DRAFT = "draft"
    TAX_CHECK = "tax_check"
    APPROVED = "approved"
    RELEASED = "released"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: Where each state leads. A bank can return what it had paid.
MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.TAX_CHECK}),
    State.TAX_CHECK: frozenset({State.APPROVED, State.CANCELLED}),
    State.APPROVED: frozenset({State.RELEASED, State.CANCELLED}),
    State.RELEASED: frozenset({State.PAID, State.FAILED}),
    State.PAID: frozenset({State.FAILED}),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}
#: While a payout is in one of these, a hold stops it.
HOLDABLE = frozenset({State.DRAFT, State.TAX_CHECK, State.APPROVED})


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout as it stands.

    Attributes:
        period: the month that it pays.
        amount: what is taken from the balance, in minor units.
        withholding, transfer, withholding_bps: set with the approval; the transfer is what arrives.
        held_reason: why it is held; None when it is not.
        provider: who carries it out since its release; None for the bank.
        sent_at: when the provider was asked first.
        reference: the bank's or the provider's name of the transfer.
        failure: why it failed or was cancelled.
        drafted_by: who asked for the close by hand; None when it was due.
        version: counts its changes.
    """

    id: UUID
    statement_id: UUID
    creator: UUID
    currency: str
    period: Period
    amount: int
    state: State
    withholding: int | None
    transfer: int | None
    withholding_bps: int | None
    held_reason: str | None
    provider: str | None
    sent_at: datetime | None
    reference: str | None
    failure: str | None
    drafted_by: UUID | None
    approved_by: UUID | None
    released_by: UUID | None
    created_at: datetime
    released_at: datetime | None
    paid_at: datetime | None
    state_changed_at: datetime
    version: int

    @property
    def etag(self) -> str:
        """Names this version of it."""
        return f'"{self.version}"'


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides about a payout.

    Attributes:
        of_creator: whether they belong to the tenant that is paid.
    """

    id: UUID
    of_creator: bool


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approval sets: of the amount, what is withheld and what is transferred."""

    withholding: int
    transfer: int
    withholding_bps: int


def release_from(period: Period) -> datetime:
    """From when on payouts of a month are released."""
    after = period.next
    return datetime(after.year, after.month, RELEASED_FROM, tzinfo=UTC)


def check_move(payout: Payout, to: State) -> None:
    """Refuse a step that its state does not lead to.

    Raises:
        PayoutMoveRefused: it does not.
    """
    if to not in MOVES[payout.state]:
        leads = ", ".join(sorted(MOVES[payout.state])) or "nowhere"
        raise PayoutMoveRefused(f"The payout is {payout.state}, which leads to {leads} and not to {to}.")


def approve(payout: Payout, by: Decider, standing: TaxStanding) -> Approval:
    """What an approval sets.

    Raises:
        PayoutMoveRefused: it does not wait for an approval.
        PayoutHeld: it is held.
        OwnPayout: it is to a tenant of theirs.
        SecondPersonNeeded: they closed the month themselves.
        TaxNotReviewed: the tax profile does not let it pass.
    """
    check_move(payout, State.APPROVED)
    _check_decider(by, payout.drafted_by, "You closed the month by hand.")
    _check_held(payout)
    _check_reviewed(standing)
    withheld = withholding_of(payout.amount, standing.withholding_bps)
    return Approval(withheld, payout.amount - withheld, standing.withholding_bps)


def check_release(
    payout: Payout, by: Decider, standing: TaxStanding, now: datetime, *, tax_model_confirmed: bool
) -> None:
    """Refuse to let a payout leave.

    Raises:
        PayoutMoveRefused, PayoutHeld, OwnPayout, TaxNotReviewed: as `approve`.
        SecondPersonNeeded: they approved it themselves.
        ReleaseTooEarly: it is before the day of release.
        TaxModelUnconfirmed: the operator has not confirmed the tax model.
    """
    check_move(payout, State.RELEASED)
    _check_decider(by, payout.approved_by, "You approved it.")
    _check_held(payout)
    if not tax_model_confirmed:
        raise TaxModelUnconfirmed("No payout is released while the operator has not confirmed the tax model.")
    _check_reviewed(standing)
    if standing.withholding_bps != payout.withholding_bps:
        raise TaxNotReviewed(
            "The withholding of this creator has changed since the approval.",
            advice="Cancel it: the next month's close pays the balance under what applies then.",
        )
    if now < (day := release_from(payout.period)):
        raise ReleaseTooEarly(f"Payouts of {payout.period} are released from {day:%Y-%m-%d} on.", advice="")


def check_outsider(by: Decider) -> None:
    """Refuse whoever belongs to the tenant that is paid.

    Raises:
        OwnPayout: they do.
    """
    if by.of_creator:
        raise OwnPayout("You belong to the tenant that is paid.")


def check_by_hand(payout: Payout, by: Decider, now: datetime) -> None:
    """Refuse to say what became of a payout while its provider may still decide it otherwise.

    Raises:
        OwnPayout: as `check_outsider`.
        PayoutMoveRefused: it was asked and may still pay: what goes back now would be paid twice.
    """
    check_outsider(by)
    if payout.state is not State.RELEASED or payout.sent_at is None:
        return
    if now < (until := payout.sent_at + ASKED_WITHIN + _ANSWERED_WITHIN):
        raise PayoutMoveRefused(
            f"{payout.provider} was asked to pay it and has not answered yet.",
            advice=f"The answer is noted by itself. From {until:%Y-%m-%d %H:%M} UTC on, look at the books "
            "there, and say what became of it.",
        )


def check_destination(by: Decider, named_by: UUID | None) -> None:
    """Refuse that whoever named the account releases what goes there.

    Args:
        named_by: who said where the provider pays; None where the bank does.

    Raises:
        SecondPersonNeeded: it is the same person.
    """
    if by.id == named_by:
        raise SecondPersonNeeded("You named the account that it goes to. Somebody else takes the next step.")


def may_ask(payout: Payout, now: datetime) -> bool:
    """Whether a provider may be asked to carry it out, for the first time or once more.

    Providers forget the keys of orders after a day; asked later they would pay a second time.
    """
    return payout.state is State.RELEASED and (payout.sent_at is None or now - payout.sent_at < ASKED_WITHIN)


def check_holdable(payout: Payout) -> None:
    """Refuse to hold what nothing stops any more.

    Raises:
        PayoutMoveRefused: it has left, or is at its end.
    """
    if payout.state not in HOLDABLE:
        raise PayoutMoveRefused(f"The payout is {payout.state}; it cannot be held any more.")


def _check_decider(by: Decider, before: UUID | None, why: str) -> None:
    check_outsider(by)
    if by.id == before:
        raise SecondPersonNeeded(f"{why} Somebody else takes the next step.")


def _check_held(payout: Payout) -> None:
    if payout.held_reason is not None:
        raise PayoutHeld(f"It is held: {payout.held_reason}")


def _check_reviewed(standing: TaxStanding) -> None:
    if not standing.reviewed:
        raise TaxNotReviewed(standing.why_not or "The creator's tax profile is not reviewed.")
