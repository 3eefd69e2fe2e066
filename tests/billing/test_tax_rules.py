"""Tax at the sale, what is credited, who is billed: rules alone."""

from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aei_marketplace.billing.errors.details import DetailsUnfit, TaxRateMissing
from aei_marketplace.billing.errors.invoices import CreditUnfit
from aei_marketplace.billing.rules.invoices import InvoiceLine
from aei_marketplace.billing.rules.parties import Party, checked_party
from aei_marketplace.billing.rules.provider_events import fill, spread
from aei_marketplace.billing.rules.standings import Credited, credit_of, reminders_due
from aei_marketplace.billing.rules.tax import TaxRate, is_reverse_charge, rate_for, tax_lines, tax_on
from tests.billing.invoicing import line

AMOUNTS = st.integers(1, 10**9)
RATES = st.sampled_from([0, 250, 700, 770, 1900, 2100, 10000])


@given(st.lists(st.tuples(AMOUNTS, RATES), min_size=1, max_size=12))
def test_the_lines_of_each_rate_come_to_its_tax_rounded_once(lines: list[tuple[int, int]]) -> None:
    parts = tax_lines(lines)
    for rate in {rate for _, rate in lines}:
        base = sum(net for net, each in lines if each == rate)
        tax = sum(part for part, (_, each) in zip(parts, lines, strict=True) if each == rate)
        assert tax == tax_on(base, rate)
        assert abs(tax * 10_000 - base * rate) <= 5_000
    for part, (net, rate) in zip(parts, lines, strict=True):
        # The sum is off by half a unit at most, and a line's part of it by less than one.
        assert abs(part * 10_000 - net * rate) < 15_000


@pytest.mark.parametrize(
    ("base", "rate", "tax"),
    [(50, 100, 1), (49, 100, 0), (150, 100, 2), (1, 5000, 1), (1999, 1900, 380), (0, 1900, 0)],
)
def test_tax_is_rounded_half_up(base: int, rate: int, tax: int) -> None:
    assert tax_on(base, rate) == tax


def test_the_newest_rate_that_has_come_applies_and_of_one_day_the_last() -> None:
    rates = [
        TaxRate("digital", "DE", date(2026, 1, 1), 1900),
        TaxRate("digital", "DE", date(2027, 1, 1), 1600),
        TaxRate("digital", "DE", date(2026, 7, 1), 1500),
        TaxRate("digital", "DE", date(2026, 7, 1), 1700),
        TaxRate("digital", "*", date(2026, 1, 1), 0),
        TaxRate("book", "DE", date(2026, 1, 1), 700),
    ]
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [rate_for(rates, "digital", "DE", day) for day in days] == [1900, 1700, 1700, 1600]
    assert rate_for(rates, "digital", "CH", days[0]) == 0
    assert rate_for(rates, "book", "DE", days[0]) == 700
    for category, country, day in (("book", "CH", days[0]), ("digital", "DE", date(2025, 12, 31))):
        with pytest.raises(TaxRateMissing):
            rate_for(rates, category, country, day)


@pytest.mark.parametrize(
    ("seller", "buyer", "tax_id", "owed_by_buyer"),
    [
        ("DE", "NL", "NL004495445B01", True),
        ("DE", "NL", None, False),
        ("DE", "DE", "DE136695976", False),
        ("DE", "CH", "CHE107787577MWST", False),
        ("US", "NL", "NL004495445B01", False),
        ("DE", "GR", "EL094259216", True),
    ],
)
def test_a_business_of_another_member_state_owes_the_tax(
    seller: str, buyer: str, tax_id: str | None, owed_by_buyer: bool
) -> None:
    assert is_reverse_charge(Party("S", "A", seller), Party("B", "A", buyer, tax_id)) == owed_by_buyer


@pytest.mark.parametrize(
    "wrong",
    [
        Party("", "Street", "DE"),
        Party("N" * 121, "Street", "DE"),
        Party("Name", "\u200e \n", "DE"),
        Party("Name", "A" * 501, "DE"),
        Party("Name", "Street", "Germany"),
        Party("Name", "Street", "DE", "NL004495445B01"),
        Party("Name", "Street", "US", "<script>"),
        Party("Name", "Street", "DE", "1" * 10_000),
        Party("Name", "Street", "DE", None, "a@b.example\nBcc: c@d.example"),
        Party("Name", "Street", "DE", None, "a" * 250 + "@b.example"),
    ],
)
def test_who_cannot_stand_on_an_invoice_is_refused(wrong: Party) -> None:
    with pytest.raises(DetailsUnfit):
        checked_party(wrong)


@given(st.integers(1, 5_000), st.integers(0, 1_000), st.lists(st.integers(1, 6_000), max_size=8))
def test_a_line_credited_in_pieces_comes_to_what_it_was(net: int, tax: int, cuts: list[int]) -> None:
    whole = _with_tax(net, tax)
    stops = [*sorted({cut for cut in cuts if cut < whole.total_minor}), whole.total_minor]
    done = Credited()
    for stop in stops:
        part = credit_of(whole, done, stop - done.total)
        done = Credited(done.net + part.net, done.tax + part.tax)
        assert 0 <= done.net <= net
        assert 0 <= done.tax <= tax
    assert done == Credited(net, tax)
    with pytest.raises(CreditUnfit):
        credit_of(whole, done, 1)


def _with_tax(net: int, tax: int) -> InvoiceLine:
    return InvoiceLine(**asdict(line(net)), category="digital", rate_bps=1900, tax_minor=tax)


@given(st.integers(1, 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=9))
def test_what_comes_back_is_divided_without_losing_any_of_it(amount: int, totals: list[int]) -> None:
    named = [(f"sale/{at}", total) for at, total in enumerate(totals)]
    assert sum(spread(amount, named, dict(named)).values()) == amount
    taken = fill(amount, named)
    if amount > sum(totals):
        assert taken is None
    else:
        assert taken is not None
        assert sum(taken.values()) == amount
        assert all(part <= dict(named)[key] for key, part in taken.items())


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), min_size=1, max_size=9), st.data())
def test_a_bank_takes_of_no_sale_more_than_is_left_while_there_is_enough(
    sold: list[tuple[int, int]], data: st.DataObject
) -> None:
    left = {f"sale/{at}": min(total, rest) for at, (total, rest) in enumerate(sold)}
    assume(sum(left.values()) > 0)
    amount = data.draw(st.integers(1, sum(left.values())))
    parts = spread(amount, [(f"sale/{at}", total) for at, (total, _) in enumerate(sold)], left)
    assert sum(parts.values()) == amount
    assert all(part <= left[key] for key, part in parts.items())


def test_reminders_come_when_it_is_due_and_after_a_week_and_a_month() -> None:
    due = datetime(2026, 11, 1, 12, tzinfo=UTC)
    moments = [datetime(2026, 11, day, 12, tzinfo=UTC) for day in (1, 7, 8)] + [
        datetime(2026, 12, 1, 12, tzinfo=UTC)
    ]
    assert [reminders_due(due, moment) for moment in moments] == [1, 1, 2, 3]
    assert reminders_due(due, datetime(2026, 10, 31, tzinfo=UTC)) == 0
