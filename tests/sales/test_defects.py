"""Defects put into the rules on purpose: the laws must catch each. What they let pass, they do not prove."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import count
from random import Random
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from aei_marketplace.ledger.errors import EntryUnfit
from aei_marketplace.ledger.rules import allocation, periods
from aei_marketplace.ledger.rules.entries import Account, Posting
from aei_marketplace.ledger.rules.periods import Period, Place
from aei_marketplace.sales.rules import bookings, facts, settling, shares, tiers
from aei_marketplace.sales.rules.bookings import NOTHING, Parts, sell
from aei_marketplace.sales.rules.settling import Settled, Standing, settle
from aei_marketplace.sales.rules.shares import Terms, agreement_at
from tests.sales import laws
from tests.sales.books import Refused
from tests.sales.histories import History, draw_history

#: So many histories are looked at before a defect counts as missed.
ENOUGH = 150
Broken = Callable[..., Any]


class Defect(NamedTuple):
    """A function of the rules, and what stands in its place."""

    place: ModuleType | type
    function: str
    broken: Broken


def floors(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """What is left over goes to the marketplace."""
    first = total * weights[0] // sum(weights)
    return (first, *allocation.allocate(total - first, weights[1:])) if any(weights[1:]) else (total, 0)


def ties_to_the_last(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """A tie goes to the later part."""
    return tuple(reversed(allocation.allocate(total, weights[::-1])))


def each_on_its_own(parts: Sequence[int], before: int, after: int) -> tuple[int, ...]:
    """Every reversal is rounded by itself."""
    return allocation.allocate(after - before, parts)


def commission_stays(parts: Sequence[int], before: int, after: int) -> tuple[int, ...]:
    """Only the creator gives something back."""
    return (after - before, 0, 0)


def tax_stays(parts: Sequence[int], before: int, after: int) -> tuple[int, ...]:
    """The tax is not given back."""
    return (*allocation.reversal(parts[:2] if any(parts[:2]) else (1, 1), before, after), 0)


def latest_but_one(agreements: Any, moment: Any) -> Any:
    """The earliest agreement that had begun."""
    begun = [each for each in agreements if each.terms.effective_from <= moment]
    return min(begun, key=lambda each: each.terms.effective_from, default=None)


def begins_after(agreements: Any, moment: Any) -> Any:
    """An agreement does not apply yet at the very moment when it begins."""
    return agreement_at([a for a in agreements if a.terms.effective_from < moment], moment)


def newest_for_all(agreements: Any, _: Any) -> Any:
    """The newest agreement applies to everything."""
    return max(agreements, key=lambda each: each.terms.effective_from, default=None)


def tax_is_shared(sale: Any, share: Any) -> Any:
    """The share is taken of the price with tax."""
    sold = sell(replace(sale, gross=sale.gross + sale.tax), share)
    return replace(sold, sale=sale)


def never_charged(*_: Any) -> tuple[()]:
    """Whoever should bear a fee does not."""
    return ()


def charged_with_a_gain(fact: Any, sold: Any, fee: int, expense: str) -> Any:
    """A charge pays the creator."""
    return _charge(fact, sold, -fee, expense)


def charged_for_winning(sold: Any, won: Any, released: Any) -> Any:
    """The fee of a won dispute is the creator's."""
    booked = _book_release(sold, won, released)
    both = _charge(won, sold, won.fee, "dispute_fees")
    lines, entries = tuple(line for line, _ in both), tuple(entry for _, entry in both)
    return replace(booked, lines=booked.lines + lines, entries=booked.entries + entries)


def loses_twice(sold: Any, lost: Any, amount: int) -> Any:
    """What was held is taken once more when the dispute is lost."""
    booked = _book_loss(sold, lost, amount)
    again = _book_hold(
        sold, facts.DisputeOpened(f"{lost.dispute_key}-again", "", 1, lost.occurred_at), sold.parts
    )
    return replace(booked, lines=booked.lines + again.lines, entries=booked.entries + again.entries)


def releases_nothing(sold: Any, won: Any, _: Any) -> Any:
    """A won dispute brings nothing back."""
    return _book_release(sold, won, NOTHING)


def holds_nothing(sold: Any, dispute: Any, _: Any) -> Any:
    """A dispute holds nothing of the creator."""
    return _book_hold(sold, dispute, NOTHING)


def forgets_reversals(sold: Any, standing: Standing, amount: int) -> Any:
    """What was taken back before does not count."""
    back, _ = _take_back(sold, standing, amount)
    return back, standing


def refunds_the_rest_too(sold: Any, refund: Any, back: Parts) -> Any:
    """The creator gives back a unit more, the marketplace one less."""
    return _book_refund(sold, refund, replace(back, net=back.net + 1, fees=back.fees - 1))


def never_looks_again(sold: Any, standing: Standing, told: Any) -> Settled:
    """What has to wait is never looked at again."""
    found = settle(sold, standing, told)
    return replace(found, waiting=()) if not found.refused else found


def refuses_what_could_wait(sold: Any, standing: Standing, told: Any) -> Settled:
    """What has no room at the moment is refused."""
    found = settle(sold, standing, told)
    return replace(found, waiting=(), refused={facts.name_of(f): "no room" for f in found.waiting})


def accepts_anything(sold: Any, standing: Standing, refund: Any) -> Any:
    """A refund is booked whatever is left."""
    parts = sold.parts
    if refund.amount + standing.reversed <= parts.paid:
        return _refund(sold, standing, refund)
    back = Parts(*allocation.allocate(refund.amount, (parts.net + 1, parts.fees, parts.tax)))
    return settling._booked(standing, _book_refund(sold, refund, back))


def into_the_closed_month(occurred_at: Any, _: Any) -> Place:
    """What comes late is written into its own month."""
    return Place(Period.of(occurred_at))


def without_reference(occurred_at: Any, closed: Any) -> Place:
    """What comes late does not say where it belongs."""
    return Place(_place(occurred_at, closed).period)


def all_in_dollars(self: Any, kind: str) -> Account:
    """The marketplace's own accounts have one currency."""
    return replace(_own(self, kind), currency="USD")


def all_in_one_currency(self: Any) -> Account:
    """The creator's account has one currency."""
    return replace(_creator(self), currency="USD")


def line_says_more(fact: Any, kind: Any, sold: Any, parts: Parts, moved: Any) -> Any:
    """A line says another amount than its entry."""
    return _both(fact, kind, sold, replace(parts, net=parts.net + 1), moved)


def lines_only(lines: Any) -> tuple[Posting, ...]:
    """An entry lacks its last posting."""
    return _postings(lines)[:-1]


def tier_of_any_currency(self: Terms, revenue: Any) -> int:
    """Revenue of one currency reaches the tiers of another."""
    reached = [tier for tier in self.tiers if tier.from_gross <= revenue.gross]
    return max(reached, key=lambda t: t.from_gross).creator_share_bps if reached else self.creator_share_bps


def tier_just_missed(self: Terms, revenue: Any) -> int:
    """A tier is not reached by exactly its amount."""
    return _share(self, replace(revenue, gross=revenue.gross - 1))


_numbers = count()
_charge, _both, _postings = bookings._charge, bookings._both, bookings.postings
_book_release, _book_loss, _book_hold, _book_refund = (
    bookings.book_release,
    bookings.book_loss,
    bookings.book_hold,
    bookings.book_refund,
)
_take_back, _refund, _place, _share = settling._take_back, settling._refund, periods.place, Terms.share
_own, _creator = bookings._Accounts.own, bookings._Accounts.creator.fget  # type: ignore[attr-defined] # a property
assert _creator is not None

DEFECTS = {
    "spare units go to the marketplace": Defect(bookings, "allocate", floors),
    "a tie goes to the marketplace": Defect(bookings, "allocate", ties_to_the_last),
    "tax is shared": Defect(bookings, "sell", tax_is_shared),
    "each reversal is rounded by itself": Defect(settling, "reversal", each_on_its_own),
    "the commission is not given back": Defect(settling, "reversal", commission_stays),
    "the tax is not given back": Defect(settling, "reversal", tax_stays),
    "a refund takes a unit too much": Defect(settling, "book_refund", refunds_the_rest_too),
    "a refund above the sale is booked": Defect(settling, "_refund", accepts_anything),
    "earlier reversals are forgotten": Defect(settling, "_take_back", forgets_reversals),
    "the earliest agreement applies": Defect(shares, "agreement_at", latest_but_one),
    "an agreement begins a moment late": Defect(shares, "agreement_at", begins_after),
    "an agreement applies to what came before": Defect(shares, "agreement_at", newest_for_all),
    "a tier is missed by one unit": Defect(Terms, "share", tier_just_missed),
    "a tier is reached in another currency": Defect(Terms, "share", tier_of_any_currency),
    "a tier counts the running month": Defect(tiers, "counted_until", Period.of),
    "a hold holds nothing": Defect(settling, "book_hold", holds_nothing),
    "a won dispute releases nothing": Defect(settling, "book_release", releases_nothing),
    "a won dispute costs the creator": Defect(settling, "book_release", charged_for_winning),
    "a lost dispute is taken twice": Defect(settling, "book_loss", loses_twice),
    "fees are never charged": Defect(bookings, "_charge", never_charged),
    "a charge pays the creator": Defect(bookings, "_charge", charged_with_a_gain),
    "what waits is forgotten": Defect(settling, "settle", never_looks_again),
    "what could wait is refused": Defect(settling, "settle", refuses_what_could_wait),
    "a fact told twice counts twice": Defect(facts, "name_of", lambda fact: f"{type(fact)}:{next(_numbers)}"),
    "late facts change closed months": Defect(periods, "place", into_the_closed_month),
    "late facts lack their month": Defect(periods, "place", without_reference),
    "the marketplace's accounts mix currencies": Defect(bookings._Accounts, "own", all_in_dollars),
    "creators' accounts mix currencies": Defect(bookings._Accounts, "creator", property(all_in_one_currency)),  # type: ignore[arg-type] # stands for a property
    "a line differs from its entry": Defect(bookings, "_both", line_says_more),
    "an entry lacks a posting": Defect(bookings, "postings", lines_only),
}


@cache
def histories() -> list[History]:
    """The same ones for every defect."""
    return [draw_history(Random(number)) for number in range(ENOUGH)]


def caught(number: int, history: History) -> bool:
    """Whether a law or the ledger itself says no."""
    try:
        laws.check(history, Random(1_000 + number))
    except (AssertionError, EntryUnfit, Refused):
        return True
    return False


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_caught_by_the_laws(name: str, monkeypatch: pytest.MonkeyPatch):
    defect = DEFECTS[name]
    monkeypatch.setattr(defect.place, defect.function, defect.broken)
    assert any(caught(number, history) for number, history in enumerate(histories()))


def test_without_a_defect_nothing_is_caught():
    assert not any(caught(number, history) for number, history in enumerate(histories()))
