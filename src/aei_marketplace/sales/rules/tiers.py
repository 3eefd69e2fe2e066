"""Which revenue is counted when a tier is looked up, and how far."""

from datetime import datetime

from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.sales.rules.bookings import LineKind

#: Lines that count. Disputes leave revenue as it is, so that one which is won changes nothing at all.
COUNTED: tuple[LineKind, ...] = ("sale", "refund")


def counted_until(earned_at: datetime) -> Period:
    """The last month whose revenue decides the tier of a sale: the second before the one it is earned in.

    That month closed on the third day of the month between, and never changes again. So a tier that is
    reached in September applies from November on, to all that is earned then, in whatever order it is told.
    """
    return Period.of(earned_at).before.before
