"""Dividing, months and entries, as laws."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ledger.errors import EntryUnfit, PeriodClosed, PeriodNotEnded, PeriodOutOfOrder
from aei_marketplace.ledger.rules.allocation import allocate, reversal
from aei_marketplace.ledger.rules.entries import (
    MOST,
    OPERATOR,
    Account,
    Entry,
    Posting,
    check_entry,
    digest_of,
)
from aei_marketplace.ledger.rules.entries import postings as lines
from aei_marketplace.ledger.rules.periods import Period, Place, check_can_close, check_in_order, place

WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=6).filter(any)
AMOUNTS = st.integers(-(10**12), 10**12)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis wants naive bounds
CASH, CREATOR = Account("cash", OPERATOR, "USD"), Account("creator", UUID(int=7), "USD")
SALE = Entry(
    "sale:1", "sale", datetime(2026, 11, 2, 10, tzinfo=UTC), (Posting(CASH, 1999), Posting(CREATOR, -1999))
)


@given(AMOUNTS, WEIGHTS)
def test_a_division_loses_nothing_and_is_off_by_less_than_one_unit(total: int, weights: list[int]):
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert all(abs(p * sum(weights) - total * w) < sum(weights) for p, w in zip(parts, weights, strict=True))


@given(AMOUNTS, WEIGHTS)
def test_a_negative_amount_is_divided_as_its_mirror_image(total: int, weights: list[int]):
    assert allocate(-total, weights) == tuple(-part for part in allocate(total, weights))


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (1999, (8000, 2000), (1599, 400)),  # the spare cent goes to the larger remainder
        (1, (5000, 5000), (1, 0)),  # and at a tie to the earlier part
        (3, (1, 1), (2, 1)),
        (-3, (1, 1), (-2, -1)),
        (0, (8500, 1500), (0, 0)),
        (99, (3333, 6667), (33, 66)),
        (5, (0, 1), (0, 5)),
    ],
)
def test_the_spare_units_go_to_the_largest_remainders(
    total: int, weights: tuple[int, ...], parts: tuple[int, ...]
):
    assert allocate(total, weights) == parts


@pytest.mark.parametrize("weights", [(0, 0), (-1, 2), (1, -2)])
def test_what_cannot_divide_is_refused(weights: tuple[int, ...]):
    with pytest.raises(EntryUnfit):
        allocate(100, weights)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=3).filter(any), st.data())
def test_reversals_in_pieces_give_back_what_one_reversal_would(parts: list[int], data: st.DataObject):
    steps = sorted(data.draw(st.lists(st.integers(0, sum(parts)), max_size=5)))
    back = [0] * len(parts)
    for before, after in zip([0, *steps], [*steps, sum(parts)], strict=True):
        back = [b + r for b, r in zip(back, reversal(parts, before, after), strict=True)]
        assert sum(back) == after
        assert all(0 <= b <= p for b, p in zip(back, parts, strict=True))
    assert back == parts


def test_four_quarter_refunds_return_a_share_and_not_a_cent_more():
    quarters = [reversal((667, 333), done, done + 250)[0] for done in (0, 250, 500, 750)]
    assert sum(quarters) == 667


@pytest.mark.parametrize(("before", "after"), [(0, 101), (-1, 0), (101, 0), (0, -1)])
def test_more_than_was_paid_is_not_taken_back(before: int, after: int):
    with pytest.raises(EntryUnfit):
        reversal((80, 20), before, after)


@given(MOMENTS)
def test_a_month_is_read_as_it_is_written_and_follows_the_one_before(moment: datetime):
    period = Period.of(moment)
    assert Period.read(str(period)) == period == Period.beginning(period.first_day)
    later = datetime(period.year, period.month, 28, tzinfo=UTC) + timedelta(5)
    assert period < period.next == Period.of(later)
    assert period.next.before == period


@pytest.mark.parametrize(
    "written", ["2026-13", "2026-00", "26-11", "2026-11-01", "", "２０２６-11", "2026-1"]
)
def test_what_is_no_month_is_refused(written: str):
    with pytest.raises(EntryUnfit):
        Period.read(written)


@given(MOMENTS, MOMENTS)
def test_nothing_is_placed_into_a_closed_month(moment: datetime, closed: datetime):
    at = place(moment, Period.of(closed))
    assert at.period > Period.of(closed)
    assert (at.ref_period or at.period) == Period.of(moment)


def test_a_month_closes_on_the_third_of_the_next_at_midnight():
    december = Period(2026, 12)
    opens = datetime(2027, 1, 3, tzinfo=UTC)
    assert december.closes_at == opens
    check_can_close(december, opens)
    with pytest.raises(PeriodNotEnded, match="2027-01-03"):
        check_can_close(december, opens - timedelta(microseconds=1))


def test_months_close_in_order():
    november = Period(2026, 11)
    check_in_order(november, Period(2026, 10), november)
    check_in_order(november, None, None)
    with pytest.raises(PeriodClosed):
        check_in_order(november, november.next, None)
    with pytest.raises(PeriodOutOfOrder, match="2026-10"):
        check_in_order(november, None, Period(2026, 10))


@pytest.mark.parametrize(
    "changed",
    [
        {"key": ""},
        {"key": "k" * 201},
        {"kind": "Sale"},
        {"postings": ()},
        {"postings": (Posting(CASH, 1),)},
        {"postings": (Posting(CASH, 1), Posting(CREATOR, -2))},
        {"postings": (Posting(CASH, 0), Posting(CREATOR, 0))},
        {"postings": (Posting(CASH, True), Posting(CREATOR, -1))},
        {"postings": (Posting(CASH, 1.0), Posting(CREATOR, -1.0))},  # type: ignore[arg-type] # what it must refuse
        {"postings": (Posting(CASH, MOST + 1), Posting(CREATOR, -MOST - 1))},
        {"postings": (Posting(CASH, 5), Posting(replace(CREATOR, currency="EUR"), -5))},
        {
            "postings": (
                Posting(replace(CASH, currency="usd"), 5),
                Posting(replace(CREATOR, currency="usd"), -5),
            )
        },
        {"postings": (Posting(replace(CASH, kind="ca sh"), 5), Posting(CREATOR, -5))},
        {"postings": tuple(Posting(CASH, 1 if n % 2 else -1) for n in range(102))},
    ],
)
def test_what_does_not_balance_or_is_no_amount_is_refused(changed: dict):
    check_entry(SALE)
    with pytest.raises(EntryUnfit):
        check_entry(replace(SALE, **changed))


def test_amounts_of_nothing_make_no_line():
    assert lines([(CASH, 5), (CREATOR, 0), (CREATOR, -5)]) == (Posting(CASH, 5), Posting(CREATOR, -5))


def test_a_digest_differs_with_everything_that_an_entry_says():
    at = Place(Period(2026, 11))
    others = [
        digest_of(replace(SALE, key="sale:2"), at),
        digest_of(replace(SALE, kind="refund"), at),
        digest_of(replace(SALE, occurred_at=SALE.occurred_at + timedelta(microseconds=1)), at),
        digest_of(replace(SALE, postings=SALE.postings[::-1]), at),
        digest_of(replace(SALE, postings=(Posting(CASH, 1998), Posting(CREATOR, -1998))), at),
        digest_of(SALE, Place(Period(2026, 12))),
        digest_of(SALE, Place(Period(2026, 11), Period(2026, 10))),
    ]
    assert len({digest_of(SALE, at), *others}) == 8
    assert digest_of(replace(SALE), at) == digest_of(SALE, at)
