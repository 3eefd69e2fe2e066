"""Why a fact that was told is not booked yet."""

from collections.abc import Iterable
from enum import StrEnum

from aei_marketplace.sales.rules.bookings import Sold
from aei_marketplace.sales.rules.facts import Afterwards, DisputeLost, DisputeWon, name_of
from aei_marketplace.sales.rules.settling import Standing, settle


class Why(StrEnum):
    """What a fact waits for.

    Attributes:
        NO_ROOM: a dispute holds what it would take, and may give it back.
        GONE: what it would take went back to the buyer before.
    """

    NO_SALE = "no_sale"
    NO_OPENING = "no_opening"
    OPENING_WAITS = "opening_waits"
    NO_ROOM = "no_room"
    GONE = "gone"
    NOTHING = "nothing"


def why_waiting(
    fact: Afterwards,
    sale_key: str | None,
    sold: Sold | None,
    standing: Standing,
    parked: Iterable[Afterwards],
) -> Why:
    """What a parked fact waits for.

    Args:
        sale_key: of the sale that it concerns; None while nobody told which.
        sold: that sale, where it is booked.
        standing: where the sale's reversals stand.
        parked: all facts that wait for the sale, this one among them.
    """
    if sale_key is None:
        return Why.NO_OPENING
    if sold is None:
        return Why.NO_SALE
    still = {name_of(each) for each in settle(sold, standing, parked).waiting}
    if name_of(fact) not in still:
        return Why.NOTHING
    if not isinstance(fact, DisputeWon | DisputeLost):
        return Why.NO_ROOM if standing.held else Why.GONE
    opening = f"dispute:{fact.dispute_key}"
    return Why.OPENING_WAITS if opening in {name_of(each) for each in parked} else Why.NO_OPENING
