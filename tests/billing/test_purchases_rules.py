"""Rules of prices, periods, purchases, access, usage and caps: values in, a value or a refusal out."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.billing.errors.caps import CapUnfit
from aei_marketplace.billing.errors.offers import NotForSale, PriceMoved, PriceUnfit
from aei_marketplace.billing.errors.purchases import PurchaseStateRefused
from aei_marketplace.billing.rules.access import entitlement, run_terms
from aei_marketplace.billing.rules.caps import Cap, check_all_caps, check_cap, due_alert, months_before
from aei_marketplace.billing.rules.offers import Offer, check_for_sale, worded
from aei_marketplace.billing.rules.overview import Spent, spend_overview
from aei_marketplace.billing.rules.periods import period_end
from aei_marketplace.billing.rules.prices import (
    FREE,
    AnnouncedPrice,
    Model,
    Price,
    effective_from,
    is_dearer,
    micros_rounded,
    next_price,
    price_at,
    read_price,
    seen_price,
)
from aei_marketplace.billing.rules.purchases import (
    PATIENCE,
    TERM,
    Purchase,
    PurchaseState,
    Step,
    access_until,
    resumed,
    step,
)
from aei_marketplace.billing.rules.receipts import csv_of
from aei_marketplace.billing.rules.usage import (
    Tally,
    UsageRecord,
    charge_key,
    earned_at,
    read_month,
)
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.money import MOST, AmountUnfit
from aei_protocol.merkle import leaf_hash, node_hash
from tests.billing.selling import receipt_root

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONTHLY = Price(Model.SUBSCRIPTION, "USD", 900, "month")
METERED = Price(Model.USAGE, "USD", 7, "execution")
ONCE = Price(Model.ONE_TIME, "USD", 1999)


def announced(price: Price, days: int, effective: int | None = None, number: int = 1) -> AnnouncedPrice:
    at = NOW + timedelta(days=days)
    since = NOW + timedelta(days=days if effective is None else effective)
    return AnnouncedPrice(UUID(int=number), "acme.echo", "1.0.0", price, at, since)


def bought(price: Price = MONTHLY, state: PurchaseState = PurchaseState.ACTIVE, **more: object) -> Purchase:
    known = {"periods": 1, "access_from": NOW - timedelta(days=3), **more}
    return Purchase(
        uuid4(), uuid4(), "acme.echo", uuid4(), "1.0.0", state, uuid4(), price, uuid4(), NOW, **known
    )


# ---------------------------------------------------------------- prices


@pytest.mark.parametrize(
    ("pricing", "unit_micros"),
    [
        ({"model": "usage", "currency": "USD", "amount_minor": 7, "per": "execution"}, 70_000),
        ({"model": "usage", "currency": "USD", "amount_minor": 70, "per": "1k_executions"}, 700),
        ({"model": "usage", "currency": "JPY", "amount_minor": 1, "per": "1k_executions"}, 1_000),
        ({"model": "usage", "currency": "KWD", "amount_minor": 1, "per": "1k_executions"}, 1),
        ({"model": "one_time", "currency": "KWD", "amount_minor": 5}, 5_000),
        ({"model": "free"}, 0),
    ],
)
def test_the_price_of_one_unit_is_whole_in_millionths(pricing: dict[str, object], unit_micros: int) -> None:
    assert read_price({"pricing": pricing}).unit_micros == unit_micros
    assert read_price({}) == FREE


@pytest.mark.parametrize(
    "pricing",
    [
        {"model": "one_time", "currency": "XAU", "amount_minor": 5},
        {"model": "one_time", "currency": "ZZZ", "amount_minor": 5},
        {"model": "one_time", "currency": "USD", "amount_minor": 0},
        {"model": "one_time", "currency": "USD", "amount_minor": -5},
        {"model": "one_time", "currency": "USD", "amount_minor": 1.5},
        {"model": "one_time", "currency": "USD", "amount_minor": True},
        {"model": "one_time", "currency": "USD", "amount_minor": MOST + 1},
        {"model": "usage", "currency": "UYW", "amount_minor": 1, "per": "1k_executions"},
    ],
)
def test_what_is_no_money_is_no_price(pricing: dict[str, object]) -> None:
    with pytest.raises((PriceUnfit, AmountUnfit)):
        read_price({"pricing": pricing})
    if pricing["model"] == "one_time":
        with pytest.raises(AmountUnfit):
            seen_price("one_time", pricing["currency"], pricing["amount_minor"], None)  # type: ignore[arg-type]


def test_of_the_prices_in_effect_the_one_announced_last_holds() -> None:
    first = announced(ONCE, 0)
    dearer = announced(Price(Model.ONE_TIME, "USD", 2999), 1, 31, number=2)
    cheaper = announced(Price(Model.ONE_TIME, "USD", 999), 5, number=3)
    every = [first, dearer, cheaper]
    assert price_at(every, NOW - timedelta(seconds=1)) is None
    assert price_at(every, NOW + timedelta(days=4)) == first
    assert price_at(every, NOW + timedelta(days=40)) == cheaper  # the dearer one was taken back
    assert next_price([first, dearer], NOW + timedelta(days=4)) == dearer
    assert next_price(every, NOW + timedelta(days=6)) is None


def test_what_may_cost_more_is_announced_and_what_does_not_holds_at_once() -> None:
    notice = timedelta(days=30)
    assert effective_from(None, ONCE, NOW, notice) == NOW
    assert effective_from(FREE, ONCE, NOW, notice) == NOW + notice
    assert effective_from(ONCE, FREE, NOW, notice) == NOW
    assert not is_dearer(ONCE, Price(Model.ONE_TIME, "USD", 1998))
    for other in (MONTHLY, METERED, Price(Model.ONE_TIME, "EUR", 1), Price(Model.ONE_TIME, "USD", 2000)):
        assert is_dearer(ONCE, other)


def test_only_the_price_that_was_seen_is_bought() -> None:
    now = [announced(MONTHLY, 0)]
    assert check_for_sale("acme.echo", now, MONTHLY, NOW, own=False).price == MONTHLY
    trying = announced(Price(Model.SUBSCRIPTION, "USD", 900, "month", 14), 0)
    assert check_for_sale("acme.echo", [trying], MONTHLY, NOW, own=False) == trying
    for seen in (
        ONCE,
        Price(Model.SUBSCRIPTION, "USD", 901, "month"),
        Price(Model.SUBSCRIPTION, "EUR", 900, "month"),
    ):
        with pytest.raises(PriceMoved):
            check_for_sale("acme.echo", now, seen, NOW, own=False)
    for prices, own in ((now, True), ([], False), ([announced(FREE, 0)], False)):
        with pytest.raises(NotForSale):
            check_for_sale("acme.echo", prices, MONTHLY, NOW, own=own)
    with pytest.raises(PriceUnfit):
        seen_price("free", "USD", 1, None)


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("anchor", "per", "ends"),
    [
        ("2027-01-31", "month", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2028-01-30", "month", ["2028-02-29", "2028-03-30"]),
        ("2026-11-30", "month", ["2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"]),
        ("2028-02-29", "year", ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
    ],
)
def test_months_are_counted_from_the_first_day_and_end_with_the_month(
    anchor: str, per: str, ends: list[str]
) -> None:
    began = datetime.fromisoformat(f"{anchor}T10:00:00+00:00")
    found = [period_end(began, per, n).date().isoformat() for n in range(1, len(ends) + 1)]
    assert found == ends


# ---------------------------------------------------------------- purchases


def test_a_purchase_takes_the_steps_of_its_state_and_no_others() -> None:
    assert step(bought(state=PurchaseState.PENDING_PAYMENT), Step.PAY) is PurchaseState.ACTIVE
    assert step(bought(), Step.CANCEL) is PurchaseState.CANCELLED_AT_PERIOD_END
    cancelled = bought(state=PurchaseState.CANCELLED_AT_PERIOD_END)
    assert resumed(cancelled) is PurchaseState.ACTIVE
    trying = bought(state=PurchaseState.CANCELLED_AT_PERIOD_END, periods=0)
    assert resumed(trying) is PurchaseState.TRIAL
    assert step(bought(state=PurchaseState.SUSPENDED), Step.CANCEL) is PurchaseState.ENDED
    for state in (PurchaseState.ENDED, PurchaseState.REFUNDED):
        for taken in Step:
            with pytest.raises(PurchaseStateRefused):
                step(bought(state=state), taken)
    for refused in (
        (bought(ONCE), Step.CANCEL),
        (bought(), Step.RESUME),
        (bought(state=PurchaseState.PENDING_PAYMENT), Step.CANCEL),
        (cancelled, Step.CANCEL),
    ):
        with pytest.raises(PurchaseStateRefused):
            step(*refused)


def test_access_ends_with_what_is_not_paid_and_with_what_is_cancelled() -> None:
    active, cancelled = PurchaseState.ACTIVE, PurchaseState.CANCELLED_AT_PERIOD_END
    end, due = NOW + timedelta(days=30), NOW + timedelta(days=3)

    def until(
        state: PurchaseState, model: Model, unpaid: datetime | None, *, account: bool = False
    ) -> object:
        return access_until(
            state, model, end if model is Model.SUBSCRIPTION else None, unpaid, on_account=account
        )

    assert until(active, Model.ONE_TIME, None) is None
    assert until(active, Model.SUBSCRIPTION, None) == end + TERM
    assert until(active, Model.SUBSCRIPTION, due) == due
    assert until(active, Model.SUBSCRIPTION, due, account=True) == due + PATIENCE
    assert until(cancelled, Model.SUBSCRIPTION, None) == end
    assert until(active, Model.USAGE, due) == due


def test_who_may_install_and_run_follows_from_price_and_purchase() -> None:
    def held(
        price: Price | None, purchase: Purchase | None = None, *, own: bool = False
    ) -> tuple[bool, bool]:
        found = entitlement("acme.echo", price, purchase, NOW, own=own)
        assert bool(found.why) == bool(found.advice) == (not found.runs)
        return found.installs, found.runs

    assert held(FREE) == (True, True)
    assert held(ONCE) == (False, False)
    assert held(ONCE, own=True) == (True, True)
    assert held(None) == (False, False)
    assert held(ONCE, bought(ONCE)) == (True, True)
    assert held(METERED, bought(ONCE)) == (True, True)  # bought for good, whatever it costs others by now
    assert held(ONCE, bought(METERED)) == (False, False)
    pending = bought(ONCE, PurchaseState.PENDING_PAYMENT, access_from=None)
    assert held(ONCE, pending) == (True, False)
    overdue = bought(MONTHLY, PurchaseState.SUSPENDED, access_until=NOW)
    assert held(MONTHLY, overdue) == (True, False)


def test_the_statements_of_a_run_say_the_same() -> None:
    assert not run_terms("acme.echo", None, "free", own=False).refused
    assert not run_terms("acme.echo", None, "usage", own=True).refused
    assert run_terms("acme.echo", None, "usage", own=False).refused
    assert run_terms("acme.echo", '{"model":"usage","entitled":true}', "usage", own=False).metered is None
    purchase = uuid4()
    told = f'{{"model":"usage","entitled":true,"state":"active","metered":"{purchase}"}}'
    assert run_terms("acme.echo", told, "usage", own=False).metered == purchase
    for state in ("pending_payment", "suspended", "active", "cancelled_at_period_end"):
        told = f'{{"model":"usage","entitled":false,"state":"{state}","metered":null}}'
        found = run_terms("acme.echo", told, "usage", own=False)
        assert found.refused
        assert found.advice
        assert ("invoice" in found.advice) is (state != "cancelled_at_period_end")
    assert run_terms("acme.echo", '{"model":"usage","entitled":false}', "usage", own=False).refused


# ---------------------------------------------------------------- usage


def record(number: int, micros: int = 700, state: str = "billed", plugin: str = "acme.echo") -> UsageRecord:
    return UsageRecord(
        *(UUID(int=number), UUID(int=1), plugin, "1.0.0", "USD", micros, state, "ok", NOW, NOW, "ab" * 32)
    )


@pytest.mark.parametrize(
    ("units", "micros", "currency", "minor"),
    [
        (12_345, 700, "USD", 864),
        (715, 700, "USD", 50),
        (714, 700, "USD", 50),
        (7, 700, "USD", 0),
        (1, 500_000, "JPY", 1),
        (1, 499_999, "JPY", 0),
        (1, 1_500, "KWD", 2),
    ],
)
def test_usage_is_rounded_half_up_once(units: int, micros: int, currency: str, minor: int) -> None:
    """The figures in USD are those of the worked scenario S11."""
    assert micros_rounded(units * micros, currency) == minor


@given(st.lists(st.integers(0, 5), max_size=4))
def test_what_runs_come_to_and_their_receipt_do_not_depend_on_the_parts_in_which_they_are_read(
    cuts: list[int],
) -> None:
    records = [record(n, micros=0 if n == 3 else 700) for n in range(1, 6)]
    tally, edges = Tally("USD"), [0, *sorted(cuts), 5]
    for start, end in pairwise(edges):
        tally.add(records[start:end])
    rated = tally.rated()
    assert (rated.units, rated.free, rated.micros, tally.last) == (4, 1, 2_800, records[-1])
    leaves = [leaf_hash(each.content()) for each in records]
    left = node_hash(node_hash(leaves[0], leaves[1]), node_hash(leaves[2], leaves[3]))
    assert rated.root == node_hash(left, leaves[4])
    assert rated.root != receipt_root(records[1:])


def test_months_of_usage_are_read_named_and_earned_in_their_last_second() -> None:
    month = read_month("2026-11")
    assert (month, earned_at(month)) == (date(2026, 11, 1), datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    assert earned_at(date(2026, 12, 1)).year == 2026
    tenant = uuid4()
    keys = {charge_key(tenant, "acme.echo", month, c) for c in ("USD", "EUR", "USD")}
    assert len(keys) == 2
    assert max(map(len, keys)) <= 120
    for written in ("2026-13", "2026-1", "26-11", "0000-01", "2026-11-01", ""):
        with pytest.raises(Invalid):
            read_month(written)


def test_a_receipts_csv_holds_no_formula() -> None:
    lines = csv_of([record(1, plugin="=1+1")]).splitlines()
    assert lines[0].startswith("execution,plugin,version,currency,unit_micros")
    assert ",'=1+1," in lines[1]
    assert csv_of([record(1)], head=False).count("\n") == 1


# ---------------------------------------------------------------- caps


def test_caps_are_amounts_of_a_currency_and_each_is_about_something_else() -> None:
    cap = check_cap("USD", None, 100, 0)
    assert cap.micros() == (1_000_000, 0)
    assert check_cap("JPY", "acme.echo", None, 5).micros() == (None, 5_000_000)
    for wrong in (("USD", None, None, None), ("USD", "not a plugin", 1, None)):
        with pytest.raises(CapUnfit):
            check_cap(*wrong)
    for amount in (-1, 1.5, True, "1", MOST + 1):
        with pytest.raises(AmountUnfit):
            check_cap("USD", None, amount, None)
    with pytest.raises(AmountUnfit):
        check_cap("XAU", None, 1, None)
    with pytest.raises(CapUnfit):
        check_all_caps([cap, Cap("USD", None, 5, None)])
    with pytest.raises(CapUnfit):
        check_all_caps([Cap("USD", f"acme.p{n}", 5, None) for n in range(201)])


@pytest.mark.parametrize(
    ("spent", "most", "told", "due"),
    [
        (49, 100, 0, None),
        (50, 100, 0, 50),
        (79, 100, 50, None),
        (85, 100, 50, 80),
        (100, 100, 0, 100),
        (0, 0, 0, None),
    ],
)
def test_a_tenant_is_told_of_the_highest_part_once(spent: int, most: int, told: int, due: int | None) -> None:
    assert due_alert(spent, most, told) == due


def test_spend_is_shown_by_month_and_plugin_and_currencies_stay_apart() -> None:
    this, last = date(2026, 11, 1), date(2026, 10, 1)
    rows = [
        Spent(last, "USD", None, 20_000),
        Spent(this, "USD", None, 10_001),
        Spent(this, "USD", "acme.echo", 10_001),
        Spent(this, "JPY", None, 3_000_000),
        Spent(this, "EUR", None, 0),
    ]
    yen, dollars = spend_overview(rows, this)
    assert (yen.currency, yen.this_month.minor, yen.plugins) == ("JPY", 3, ())
    assert [m.minor for m in dollars.months][-2:] == [2, 2]  # a part of a cent counts as a cent
    assert (dollars.top, dollars.months[0].period, len(dollars.months)) == (2, date(2025, 12, 1), 12)
    assert [p.plugin_id for p in dollars.plugins] == ["acme.echo"]
    assert months_before(date(2026, 1, 1), 2) == [date(2025, 12, 1), date(2026, 1, 1)]


def test_an_offer_says_what_it_costs_now_and_later() -> None:
    now, later = announced(MONTHLY, 0), announced(Price(Model.SUBSCRIPTION, "USD", 1200, "month", 14), 1, 31)
    held = entitlement("acme.echo", MONTHLY, None, NOW, own=False)
    offer = Offer("acme.echo", uuid4(), now, later, None, held)
    assert (offer.words, offer.to_buy, offer.tries) == ("USD 9.00 a month", MONTHLY, "")
    assert offer.announced == "USD 12.00 a month from 24 December 2026"
    shape = offer.shape()
    assert shape["price"] == {"amount_minor": 900, "currency": "USD"}
    assert shape["next"]["effective_from"] == later.effective_from
    assert worded(Price(Model.USAGE, "JPY", 50, "1k_executions")) == "JPY 50 per 1,000 runs"
