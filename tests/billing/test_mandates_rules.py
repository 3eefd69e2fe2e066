"""When a renewal is charged by itself, and at what price."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.billing.stripe_declines import is_final
from aei_marketplace.billing.rules.charges import Charge
from aei_marketplace.billing.rules.mandates import (
    PAUSES,
    Attempt,
    is_agreed,
    is_wanted,
    next_attempt,
    price_of,
)
from aei_marketplace.billing.rules.periods import period_end
from aei_marketplace.billing.rules.prices import Model, Price
from aei_marketplace.billing.rules.purchases import TERM, PurchaseState

ISSUED = datetime(2026, 11, 1, tzinfo=UTC)
NINE = Price(Model.SUBSCRIPTION, "USD", 900, "month")


def declined(at: datetime, *, final: bool = False) -> Attempt:
    """An attempt that the bank declined."""
    return Attempt("failed", final, at)


def test_a_declined_renewal_is_tried_three_times_more_within_the_term_and_then_not() -> None:
    tried: list[Attempt] = []
    days = []
    while (at := next_attempt(ISSUED, tried)) is not None:
        days.append((at - ISSUED).days)
        tried.append(declined(at))
    assert days == [0, 3, 7, 12]
    assert timedelta(days=days[-1]) < TERM


@pytest.mark.parametrize(
    "last",
    [
        declined(ISSUED, final=True),
        Attempt("reserved", False, None),
        Attempt("open", False, None),
        Attempt("succeeded", False, ISSUED),
        Attempt("expired", True, ISSUED),
    ],
    ids=lambda attempt: attempt.state,
)
def test_what_is_under_way_paid_unanswered_or_refused_for_good_is_not_tried_again(last: Attempt) -> None:
    assert next_attempt(ISSUED, [last]) is None


@given(st.lists(st.timedeltas(timedelta(), timedelta(days=40)), min_size=1, max_size=3))
def test_however_late_the_jobs_run_attempts_keep_their_distance(late: list[timedelta]) -> None:
    tried: list[Attempt] = []
    for number, each in enumerate(late):
        at = next_attempt(ISSUED, tried)
        assert at is not None
        tried.append(declined(at + each))
        following = next_attempt(ISSUED, tried)
        assert following is not None
        assert following - (at + each) == PAUSES[number]


@pytest.mark.parametrize(
    ("minor", "currency", "per", "agreed"),
    [
        (900, "USD", "month", True),
        (500, "USD", "month", True),
        (901, "USD", "month", False),
        (900, "EUR", "month", False),
        (900, "USD", "year", False),
    ],
)
def test_only_what_costs_no_more_than_what_was_agreed_to_is_charged(
    minor: int, currency: str, per: str, agreed: bool
) -> None:
    start = datetime(2027, 1, 31, tzinfo=UTC)
    end = period_end(start, per, 1)
    nobody = uuid4()
    charge = Charge(
        "key",
        nobody,
        nobody,
        "acme.echo",
        "subscription",
        currency,
        1,
        minor,
        start,
        end,
        None,
        nobody,
        start,
        end,
    )
    assert price_of(charge) == Price(Model.SUBSCRIPTION, currency, minor, per)
    assert is_agreed(price_of(charge), [NINE]) == agreed
    assert not is_agreed(price_of(charge), [])


def test_what_is_cancelled_is_not_charged_by_itself() -> None:
    assert {state for state in PurchaseState if is_wanted(state)} == {"active", "suspended"}


@pytest.mark.parametrize(
    ("code", "final"),
    [("insufficient_funds", False), ("generic_decline", False), ("lost_card", True), ("expired_card", True)],
)
def test_a_card_that_is_of_no_use_is_not_asked_again(code: str, final: bool) -> None:
    assert is_final(code) == final
