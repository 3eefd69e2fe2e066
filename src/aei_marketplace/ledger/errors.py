"""Refusals of the ledger."""

from aei_marketplace.ground.errors import Conflict, Invalid


class EntryUnfit(Invalid):
    """An entry breaks a rule of the ledger: it does not balance, or an amount is none."""

    type = "ledger-entry-unfit"
    title = "The entry cannot be written"
    advice = "Nothing was written. This is a fault of the caller; tell the operator."


class EntryContradicts(Conflict):
    """There is an entry of this key already, and it says something else."""

    type = "ledger-entry-contradicts"
    title = "It was written otherwise before"
    advice = "Correct what was written by a further entry; entries never change."


class PeriodClosed(Conflict):
    """The month is closed and takes nothing more."""

    type = "period-closed"
    title = "The month is closed"
    advice = "Write it into the oldest open month, with the month that it belongs to as reference."


class PeriodNotEnded(Conflict):
    """The month is not over, or what came in late may still belong to it."""

    type = "period-not-ended"
    title = "The month cannot be closed yet"


class PeriodOutOfOrder(Conflict):
    """An older month is still open."""

    type = "period-out-of-order"
    title = "An older month is still open"
    advice = "Close the months in order."
