"""What refunds and disputes of one sale come to, in whatever order they are told.

Reversals are reckoned on the whole that was taken back of a sale, so that what all of them come to together
does not depend on their order. One that has no room yet waits: a dispute that is won makes room. One that can
never have room is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aei_marketplace.ledger.rules.allocation import reversal
from aei_marketplace.sales.rules.bookings import (
    NOTHING,
    Booking,
    Parts,
    Sold,
    book_hold,
    book_loss,
    book_refund,
    book_release,
)
from aei_marketplace.sales.rules.facts import (
    Afterwards,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Refund,
    name_of,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the reversals of a sale stand.

    Attributes:
        reversed: minor units with tax, taken back or held.
        held: by dispute, what is held of it.
        ended: disputes that were won or lost.
    """

    reversed: int = 0
    held: Mapping[str, int] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()

    @property
    def gone(self) -> int:
        """What was taken back and is not merely held."""
        return self.reversed - sum(self.held.values())


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of the facts.

    Attributes:
        bookings: in the order in which they are booked.
        waiting: those that have no room yet, or whose dispute is not known.
        refused: by name, why a fact can never be booked.
    """

    standing: Standing
    bookings: tuple[Booking, ...]
    waiting: tuple[Afterwards, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Step:
    """What the next of the waiting facts come to."""

    done: frozenset[str]
    standing: Standing
    bookings: tuple[Booking, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def settle(sold: Sold, standing: Standing, facts: Iterable[Afterwards]) -> Settled:
    """Book what has room, the earliest first, until nothing more has.

    Args:
        facts: those that waited and those that are new, none of them booked before.
    """
    waiting: Sequence[Afterwards] = sorted(facts, key=lambda fact: (fact.occurred_at, name_of(fact)))
    bookings: list[Booking] = []
    refused: dict[str, str] = {}
    while step := _next_step(sold, standing, waiting):
        standing = step.standing
        bookings += step.bookings
        refused |= step.refused
        waiting = [fact for fact in waiting if name_of(fact) not in step.done]
    return Settled(standing, tuple(bookings), tuple(waiting), refused)


def _next_step(sold: Sold, standing: Standing, waiting: Sequence[Afterwards]) -> _Step | None:
    return next((step for fact in waiting if (step := _look_at(sold, standing, fact, waiting))), None)


def _look_at(sold: Sold, standing: Standing, fact: Afterwards, waiting: Sequence[Afterwards]) -> _Step | None:
    if isinstance(fact, Refund | DisputeOpened) and fact.currency not in (None, sold.sale.currency):
        return _refuse(standing, fact, f"it is in {fact.currency}, and the sale in {sold.sale.currency}")
    match fact:
        case Refund():
            return _refund(sold, standing, fact)
        case DisputeOpened():
            return _open(sold, standing, fact, waiting)
        case DisputeWon() | DisputeLost():
            return _end(sold, standing, fact)


def _refund(sold: Sold, standing: Standing, refund: Refund) -> _Step | None:
    left = sold.parts.paid - standing.gone
    if refund.amount > left:
        return _refuse(standing, refund, f"{refund.amount} is more than the {left} left of what was paid")
    if standing.reversed + refund.amount > sold.parts.paid:
        return None
    back, after = _take_back(sold, standing, refund.amount)
    return _booked(after, book_refund(sold, refund, back))


def _open(
    sold: Sold, standing: Standing, dispute: DisputeOpened, waiting: Sequence[Afterwards]
) -> _Step | None:
    paid = sold.parts.paid
    if dispute.amount > paid:
        return _refuse(standing, dispute, f"{dispute.amount} is more than the {paid} paid")
    if standing.reversed + dispute.amount <= paid:
        held, after = _take_back(sold, standing, dispute.amount)
        after = replace(after, held={**after.held, dispute.key: dispute.amount})
        return _booked(after, book_hold(sold, dispute, held))
    ends = {
        type(f): f
        for f in waiting
        if isinstance(f, DisputeWon | DisputeLost) and f.dispute_key == dispute.key
    }
    if isinstance(won := ends.get(DisputeWon), DisputeWon):
        return _neutral(sold, standing, dispute, won)
    lost = ends.get(DisputeLost)
    if lost is not None and standing.gone + dispute.amount > paid:
        reason = f"the lost {dispute.amount} are more than the {paid - standing.gone} left of what was paid"
        return _refuse(standing, lost, reason)
    return None


def _end(sold: Sold, standing: Standing, end: DisputeWon | DisputeLost) -> _Step | None:
    if end.dispute_key in standing.ended:
        return _refuse(standing, end, "the dispute has ended otherwise")
    if end.dispute_key not in standing.held:
        return None
    amount = standing.held[end.dispute_key]
    after = replace(
        standing,
        held={key: held for key, held in standing.held.items() if key != end.dispute_key},
        ended=standing.ended | {end.dispute_key},
    )
    if isinstance(end, DisputeLost):
        return _booked(after, book_loss(sold, end, amount))
    back, after = _take_back(sold, after, -amount)
    return _booked(after, book_release(sold, end, -back))


def _neutral(sold: Sold, standing: Standing, dispute: DisputeOpened, won: DisputeWon) -> _Step:
    """A dispute that was opened and won before something else took its room: it comes to nothing."""
    held, _ = _take_back(sold, Standing(), dispute.amount)
    after = replace(standing, ended=standing.ended | {dispute.key})
    return _booked(after, book_hold(sold, dispute, held), book_release(sold, won, held))


def _take_back(sold: Sold, standing: Standing, amount: int) -> tuple[Parts, Standing]:
    """What each part gives back when so much more of the sale is taken back, and how it stands then."""
    parts = (sold.parts.net, sold.parts.fees, sold.parts.tax)
    later = standing.reversed + amount
    back = Parts(*reversal(parts, standing.reversed, later)) if amount else NOTHING
    return back, replace(standing, reversed=later)


def _booked(standing: Standing, *bookings: Booking) -> _Step:
    return _Step(frozenset(name_of(booking.fact) for booking in bookings), standing, bookings)


def _refuse(standing: Standing, fact: Afterwards, reason: str) -> _Step:
    return _Step(frozenset({name_of(fact)}), standing, refused={name_of(fact): reason})
