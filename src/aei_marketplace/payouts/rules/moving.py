"""What payouts move in the ledger: three entries at most, each by a key of its own."""

from datetime import datetime

from aei_marketplace.ledger.rules.entries import OPERATOR, Account, Entry, postings
from aei_marketplace.payouts.rules.payouts import Payout


def reserve(payout: Payout) -> Entry:
    """Taken from the creator's balance at the close, so that the next month cannot pay it again.

    It occurs when the month is due to be closed, which always lies in the next one.
    """
    lines = ((_of("creator", payout), payout.amount), (_of("payout", payout), -payout.amount))
    return Entry(f"payout:{payout.id}:reserve", "payout_reserve", payout.period.closes_at, postings(lines))


def pay(payout: Payout, at: datetime) -> Entry:
    """The reserved amount left: the transfer from the bank, the rest owed to the tax office."""
    lines = (
        (_of("payout", payout), payout.amount),
        (_ours("withholding", payout), -(payout.withholding or 0)),
        (_ours("cash", payout), -(payout.transfer or 0)),
    )
    return Entry(f"payout:{payout.id}:pay", "payout_pay", at, postings(lines))


def reverse(payout: Payout, at: datetime) -> Entry:
    """Back to the creator's balance in full: out of the reserve, or from the bank when it had been paid."""
    back = (_of("creator", payout), -payout.amount)
    if payout.paid_at is None:
        lines = [back, (_of("payout", payout), payout.amount)]
    else:
        lines = [
            back,
            (_ours("withholding", payout), payout.withholding or 0),
            (_ours("cash", payout), payout.transfer or 0),
        ]
    return Entry(f"payout:{payout.id}:reversal", "payout_reversal", at, postings(lines))


def _of(kind: str, payout: Payout) -> Account:
    return Account(kind, payout.creator, payout.currency)


def _ours(kind: str, payout: Payout) -> Account:
    return Account(kind, OPERATOR, payout.currency)
