"""What a fact comes to: lines of the creator's account, and entries of the ledger that say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aei_marketplace.ledger.rules.allocation import allocate
from aei_marketplace.ledger.rules.entries import OPERATOR, Account, Entry, Posting, postings
from aei_marketplace.sales.rules.facts import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Refund,
    Sale,
    SalesFact,
    name_of,
)
from aei_marketplace.sales.rules.shares import WHOLE, Share

LineKind = Literal["sale", "refund", "hold", "release", "charge"]
LINE_KINDS: tuple[LineKind, ...] = ("sale", "refund", "hold", "release", "charge")


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount with tax, divided: minor units, negative where they go back."""

    net: int
    fees: int
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.fees

    @property
    def paid(self) -> int:
        return self.net + self.fees + self.tax

    def __neg__(self) -> "Parts":
        return Parts(-self.net, -self.fees, -self.tax)


NOTHING = Parts(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale with what was frozen when it was booked.

    Attributes:
        parts: who gets what of it.
    """

    sale: Sale
    share: Share
    parts: Parts


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the creator's account; gross = fees + net."""

    key: str
    kind: LineKind
    sold: Sold
    parts: Parts
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """A fact that is booked.

    Attributes:
        entries: as many as there are lines or one more, of the same keys.
    """

    fact: SalesFact
    lines: tuple[Line, ...]
    entries: tuple[Entry, ...]


def sell(sale: Sale, share: Share) -> Sold:
    """Divide a sale: largest remainder, a tie to the creator."""
    own = share.creator_share_bps
    net, fees = allocate(sale.gross, (own, WHOLE - own))
    return Sold(sale, share, Parts(net, fees, sale.tax))


def book_sale(sold: Sold) -> Booking:
    """The buyer's money has come in. A sale of nothing makes no line."""
    sale = sold.sale
    if not sold.parts.paid:
        return Booking(sale, (), ())
    of = _Accounts(sold)
    moved = postings(
        [
            (of.own("receivable"), sold.parts.paid - sale.processor_fee),
            (of.own("processing"), sale.processor_fee),
            *of.owed(-sold.parts),
        ]
    )
    line, entry = _both(sale, "sale", sold, sold.parts, moved)
    charges: Sequence[tuple[Line, Entry]] = ()
    if sold.share.processing_fee_bearer == "creator":
        charges = _charge(sale, sold, sale.processor_fee, "processing")
    return _booking(sale, (line, entry), *charges)


def book_refund(sold: Sold, refund: Refund, back: Parts) -> Booking:
    """A part of the money went back, commission and tax in proportion; the provider's fee stays spent."""
    of = _Accounts(sold)
    moved = postings([(of.own("receivable"), -back.paid), *of.owed(back)])
    return _booking(refund, _both(refund, "refund", sold, -back, moved))


def book_hold(sold: Sold, dispute: DisputeOpened, held: Parts) -> Booking:
    """The bank took the money until the dispute ends: what is owed of it is held as well."""
    of = _Accounts(sold)
    moved = postings(
        [
            (of.own("receivable"), -held.paid),
            (of.own("disputed"), held.paid),
            (of.own("held"), -held.paid),
            *of.owed(held),
        ]
    )
    return _booking(dispute, _both(dispute, "hold", sold, -held, moved))


def book_release(sold: Sold, won: DisputeWon, released: Parts) -> Booking:
    """The bank gave the money back, and the marketplace bears the provider's fee."""
    of = _Accounts(sold)
    moved = postings(
        [
            (of.own("receivable"), released.paid - won.fee),
            (of.own("dispute_fees"), won.fee),
            (of.own("disputed"), -released.paid),
            (of.own("held"), released.paid),
            *of.owed(-released),
        ]
    )
    return _booking(won, _both(won, "release", sold, released, moved))


def book_loss(sold: Sold, lost: DisputeLost, amount: int) -> Booking:
    """The money is gone for good; only the provider's fee is added, for whom the agreement names."""
    of = _Accounts(sold)
    moved = postings(
        [
            (of.own("disputed"), -amount),
            (of.own("held"), amount),
            (of.own("receivable"), -lost.fee),
            (of.own("dispute_fees"), lost.fee),
        ]
    )
    entry = Entry(name_of(lost), "loss", lost.occurred_at, moved)
    charges: Sequence[tuple[Line, Entry]] = ()
    if sold.share.dispute_fee_bearer == "creator_if_lost":
        charges = _charge(lost, sold, lost.fee, "dispute_fees")
    booked = _booking(lost, *charges)
    return Booking(lost, booked.lines, (entry, *booked.entries))


class _Accounts:
    """The accounts that a sale touches."""

    def __init__(self, sold: Sold) -> None:
        self._sale = sold.sale

    def own(self, kind: str) -> Account:
        """One of the marketplace's own."""
        return Account(kind, OPERATOR, self._sale.currency)

    @property
    def creator(self) -> Account:
        return Account("creator", self._sale.creator, self._sale.currency)

    def owed(self, parts: Parts) -> list[tuple[Account, int]]:
        """What the parts move on the accounts of those they belong to: credits are negative."""
        return [(self.creator, parts.net), (self.own("commission"), parts.fees), (self.own("tax"), parts.tax)]


def _both(
    fact: SalesFact, kind: LineKind, sold: Sold, parts: Parts, moved: tuple[Posting, ...]
) -> tuple[Line, Entry]:
    name = name_of(fact)
    return Line(name, kind, sold, parts, fact.occurred_at), Entry(name, kind, fact.occurred_at, moved)


def _charge(fact: SalesFact, sold: Sold, fee: int, expense: str) -> Sequence[tuple[Line, Entry]]:
    """The creator bears a fee of the provider, so that it is no expense of the marketplace."""
    if not fee:
        return ()
    key = f"fee:{name_of(fact)}"
    of = _Accounts(sold)
    moved = postings([(of.creator, fee), (of.own(expense), -fee)])
    line = Line(key, "charge", sold, Parts(-fee, fee, 0), fact.occurred_at)
    return ((line, Entry(key, "charge", fact.occurred_at, moved)),)


def _booking(fact: SalesFact, *both: tuple[Line, Entry]) -> Booking:
    return Booking(fact, tuple(line for line, _ in both), tuple(entry for _, entry in both))
