"""Comparing what a provider's books say with what ours say."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from aei_marketplace.ground.ports.billing import Transaction

#: What is compared; of transfers and of all else the provider's sums are told.
COMPARED = frozenset({"payment", "refund", "dispute"})


@dataclass(frozen=True, slots=True)
class Known:
    """A movement that we know of.

    Attributes:
        kind: `payment`, `refund` or `dispute`.
        subject: the provider's name of it.
        label: the invoice's number, as people find it.
        amount: minor units; negative where money left.
    """

    kind: str
    subject: str
    label: str
    amount: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that one side says and the other does not.

    Attributes:
        kind: `missing_here`, `missing_there`, `amount_differs`, `ledger_missing`, `ledger_differs` or
            `unsettled`.
        what: `payment`, `refund`, `dispute`, `sale` or `event`.
        subject: the provider's name of it, or the key of a sale.
        ours, theirs: minor units; None where a side says nothing.
        label: the invoice's number, or why something is unsettled.
    """

    kind: str
    what: str
    subject: str
    ours: int | None = None
    theirs: int | None = None
    currency: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """What movements of one kind and currency come to on both sides, in minor units."""

    kind: str
    currency: str
    ours: int
    theirs: int
    fees: int


T = TypeVar("T", Known, Transaction)


def compare(
    ours: Sequence[Known], theirs: Sequence[Transaction], since: datetime, until: datetime
) -> list[Difference]:
    """Differences between both sides in a time.

    Args:
        ours, theirs: of that time and some before and after: the sides do not write at the same moment.
    """
    known, told = _by_subject(ours), _by_subject(theirs)
    found = []
    for name in sorted(known.keys() | told.keys()):
        here, there = known.get(name, ()), told.get(name, ())
        if name[0] in COMPARED and any(since <= each.occurred_at < until for each in (*here, *there)):
            found += _difference(here, there)
    return found


def sums(ours: Iterable[Known], theirs: Iterable[Transaction], since: datetime, until: datetime) -> list[Sum]:
    """What each kind comes to in each currency on both sides, within a time."""
    here, there, fees = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for mine in ours:
        if since <= mine.occurred_at < until:
            here[mine.kind, mine.currency] += mine.amount
    for other in theirs:
        if since <= other.occurred_at < until:
            there[other.kind, other.currency] += other.amount
            fees[other.kind, other.currency] += other.fee
    return [Sum(*name, here[name], there[name], fees[name]) for name in sorted({*here, *there})]


def compare_sales(
    sold: Mapping[str, tuple[int, int, str]], booked: Mapping[str, tuple[int, int, str]]
) -> list[Difference]:
    """Sales of paid invoices that the ledger does not hold, or holds otherwise.

    Args:
        sold, booked: gross, tax and currency by the sale's key.
    """
    found = []
    for key, (gross, tax, currency) in sorted(sold.items()):
        there = booked.get(key)
        if there is None:
            found.append(Difference("ledger_missing", "sale", key, gross + tax, None, currency))
        elif there != (gross, tax, currency):
            held = there[0] + there[1]
            found.append(Difference("ledger_differs", "sale", key, gross + tax, held, currency))
    return found


def _by_subject(movements: Iterable[T]) -> dict[tuple[str, str, str], list[T]]:
    found: dict[tuple[str, str, str], list[T]] = {}
    for each in movements:
        found.setdefault((each.kind, each.subject, each.currency), []).append(each)
    return found


def _difference(here: Sequence[Known], there: Sequence[Transaction]) -> list[Difference]:
    ours = sum(each.amount for each in here) if here else None
    theirs = sum(each.amount for each in there) if there else None
    if ours == theirs:
        return []
    kind = "missing_here" if ours is None else "missing_there" if theirs is None else "amount_differs"
    first: Known | Transaction = here[0] if here else there[0]
    label = here[0].label if here else ""
    return [Difference(kind, first.kind, first.subject, ours, theirs, first.currency, label)]
