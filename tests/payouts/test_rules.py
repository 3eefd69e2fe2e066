"""Statements, thresholds, states and files, decided by values alone."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.csv_lines import csv_line
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.money import AmountUnfit
from aei_marketplace.ledger.rules.entries import check_entry
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts import errors
from aei_marketplace.payouts.rules import bank_runs, moving, payouts, reports
from aei_marketplace.payouts.rules.forecasts import forecast
from aei_marketplace.payouts.rules.months import check_next, due_months
from aei_marketplace.payouts.rules.payouts import MOVES, Approval, Decider, Payout, State
from aei_marketplace.payouts.rules.statements import (
    KINDS,
    Account,
    Figures,
    differences,
    draw_up,
    plan_payout,
)
from aei_marketplace.payouts.rules.tax import withholding_of
from aei_marketplace.payouts.rules.thresholds import check_threshold, least_of, sweep_of, threshold_of
from aei_marketplace.tax_profiles.rules.profiles import NO_PROFILE, TaxStanding

NOVEMBER = Period(2026, 11)
NOW = datetime(2026, 12, 20, tzinfo=UTC)
ANN, BOB, CREATOR = (UUID(int=n) for n in (1, 2, 3))
REVIEWED = TaxStanding(True, 1_500, None)
AMOUNTS = st.integers(-(10**12), 10**12)


def a_payout(**changes: Any) -> Payout:
    """One that waits for its approval."""
    made = Payout(
        id=UUID(int=7), statement_id=UUID(int=8), creator=CREATOR, currency="USD", period=NOVEMBER,
        amount=8_500, state=State.TAX_CHECK, withholding=None, transfer=None, withholding_bps=None,
        held_reason=None, provider=None, sent_at=None, reference=None, failure=None, drafted_by=None,
        approved_by=None,
        released_by=None, created_at=NOW, released_at=None, paid_at=None, state_changed_at=NOW, version=2,
    )  # fmt: skip
    return replace(made, **changes)


APPROVED = a_payout(
    state=State.APPROVED, withholding=1_275, transfer=7_225, withholding_bps=1_500, approved_by=ANN
)


@pytest.mark.parametrize(
    ("payable", "threshold", "sweep", "paid"),
    [
        (5_000, 5_000, None, 5_000),  # inclusive
        (4_999, 5_000, None, 0),
        (-5_600, 5_000, None, 0),
        (-5_600, 5_000, 100, 0),
        (4_400, 5_000, 100, 4_400),
        (99, 5_000, 100, 0),
        (80, 70, 100, 80),
        (0, 1, None, 0),
        (6_000, 20_000, 100, 6_000),
    ],
)
def test_a_balance_is_paid_whole_from_the_threshold_on(payable: int, threshold: int, sweep: int, paid: int):
    assert plan_payout(payable, threshold, sweep=sweep) == paid


@given(
    st.lists(st.tuples(st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=5), st.integers(0, 10**9)), min_size=1),
    st.integers(1, 10**9),
)
def test_statements_chain_and_what_was_earned_is_what_was_paid_and_what_is_left(
    months: list[tuple[list[tuple[int, int]], int]], threshold: int
):
    opening, earned, paid, returned = 0, 0, 0, 0
    for lines, reversals in months:
        sums = {
            kind: Figures(1, fees + net, fees, net) for kind, (fees, net) in zip(KINDS, lines, strict=False)
        }
        account = draw_up(opening, sums, reversals, threshold)
        assert account.closing == opening + reversals + sum(s.net for s in sums.values()) - account.payout
        assert account.payout in (0, account.payable)
        assert account.payout == 0 or account.payout >= threshold
        assert account.total.gross == account.total.fees + account.total.net
        earned, paid, returned = earned + account.total.net, paid + account.payout, returned + reversals
        opening = account.closing
    assert earned + returned == paid + opening


def test_what_differs_between_two_accounts_is_named():
    stated = Account(5, {"sale": Figures(1, 10, 2, 8)}, 3)
    assert differences(stated, stated) == []
    other = Account(6, {"refund": Figures(1, -10, -2, -8)}, 4)
    assert [each.split(":")[0] for each in differences(stated, other)] == [
        "opening", "payout reversals", "sale", "refund",
    ]  # fmt: skip


def test_thresholds_go_by_the_operator_the_currency_or_its_minor_unit_and_creators_only_raise_them():
    found = {code: least_of(code, {"EUR": 700}) for code in ("USD", "EUR", "JPY", "KWD", "ISK", "TND", "CHF")}
    assert found == {
        "USD": 5_000, "EUR": 700, "JPY": 5_000, "KWD": 15_000, "ISK": 5_000, "TND": 15_000, "CHF": 5_000,
    }  # fmt: skip
    assert [threshold_of(5_000, asked) for asked in (None, 4_000, 9_000)] == [5_000, 5_000, 9_000]
    assert [sweep_of(Period(2026, m), on) for m, on in ((12, True), (12, False), (11, True))] == [
        100,
        None,
        None,
    ]
    for currency, amount in (("USD", 0), ("USD", 4_999), ("USD", True), ("USD", 10**13)):
        with pytest.raises(errors.ThresholdUnfit):
            check_threshold(currency, amount, least=5_000)
    with pytest.raises(AmountUnfit):
        check_threshold("DOGE", 5_000)


@pytest.mark.parametrize(
    ("amount", "bps", "withheld"),
    [(8_400, 1_500, 1_260), (1, 5_000, 1), (1, 4_999, 0), (99, 0, 0), (99, 10_000, 99)],
)
def test_withholding_is_rounded_half_up(amount: int, bps: int, withheld: int):
    assert withholding_of(amount, bps) == withheld


@given(st.integers(1, 10**12), st.integers(0, 10_000))
def test_what_is_withheld_and_transferred_is_the_amount_and_every_entry_of_a_payout_balances(
    amount: int, bps: int
):
    approval = payouts.approve(a_payout(amount=amount), Decider(ANN, False), TaxStanding(True, bps, None))
    assert approval == Approval(approval.withholding, amount - approval.withholding, bps)
    payout = a_payout(amount=amount, withholding=approval.withholding, transfer=approval.transfer)
    for entry in (
        moving.reserve(payout),
        moving.pay(payout, NOW),
        moving.reverse(payout, NOW),
        moving.reverse(replace(payout, paid_at=NOW), NOW),
    ):
        check_entry(entry)


def test_a_payout_is_reserved_in_the_month_after_the_one_that_it_pays():
    assert Period.of(moving.reserve(a_payout()).occurred_at) == Period(2026, 12)
    assert Period.of(moving.reserve(a_payout(period=Period(2026, 12))).occurred_at) == Period(2027, 1)


@pytest.mark.parametrize(
    ("changes", "by", "standing", "refusal"),
    [
        ({}, Decider(ANN, False), NO_PROFILE, errors.TaxNotReviewed),
        ({}, Decider(ANN, True), REVIEWED, errors.OwnPayout),
        ({"drafted_by": ANN}, Decider(ANN, False), REVIEWED, errors.SecondPersonNeeded),
        ({"held_reason": "wait"}, Decider(ANN, False), REVIEWED, errors.PayoutHeld),
        ({"state": State.DRAFT}, Decider(ANN, False), REVIEWED, errors.PayoutMoveRefused),
        ({"state": State.APPROVED}, Decider(ANN, False), REVIEWED, errors.PayoutMoveRefused),
    ],
)
def test_an_approval_is_refused(changes: Any, by: Decider, standing: TaxStanding, refusal: type[Refusal]):
    with pytest.raises(refusal):
        payouts.approve(a_payout(**changes), by, standing)


@pytest.mark.parametrize(
    ("changes", "by", "standing", "now", "confirmed", "refusal"),
    [
        ({}, BOB, REVIEWED, NOW, False, errors.TaxModelUnconfirmed),
        ({}, BOB, NO_PROFILE, NOW, True, errors.TaxNotReviewed),
        ({}, BOB, TaxStanding(True, 0, None), NOW, True, errors.TaxNotReviewed),
        ({}, ANN, REVIEWED, NOW, True, errors.SecondPersonNeeded),
        ({"held_reason": "wait"}, BOB, REVIEWED, NOW, True, errors.PayoutHeld),
        ({}, BOB, REVIEWED, datetime(2026, 12, 14, 23, 59, 59, tzinfo=UTC), True, errors.ReleaseTooEarly),
        ({"state": State.TAX_CHECK}, BOB, REVIEWED, NOW, True, errors.PayoutMoveRefused),
        ({}, BOB, REVIEWED, datetime(2026, 12, 15, tzinfo=UTC), True, None),
    ],
)
def test_a_release_passes_every_gate_or_is_refused(
    changes: Any,
    by: UUID,
    standing: TaxStanding,
    now: datetime,
    confirmed: bool,
    refusal: type[Refusal] | None,
):
    def release() -> None:
        payouts.check_release(
            replace(APPROVED, **changes), Decider(by, False), standing, now, tax_model_confirmed=confirmed
        )

    if refusal is None:
        release()
    else:
        with pytest.raises(refusal):
            release()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(State)), st.sampled_from([ANN, BOB]), st.booleans(), st.booleans(),
            st.integers(-20, 20),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_no_history_passes_the_tax_gate_without_a_review_a_confirmation_and_two_persons(
    steps: list[tuple[State, UUID, bool, bool, int]],
):
    payout = a_payout(state=State.DRAFT)
    gates: set[str] = set()
    for to, by, reviewed, confirmed, days in steps:
        now = payouts.release_from(NOVEMBER) + timedelta(days=days)
        standing = REVIEWED if reviewed else NO_PROFILE
        try:
            if to is State.APPROVED:
                payouts.approve(payout, Decider(by, False), standing)
                payout = replace(payout, approved_by=by, withholding_bps=1_500)
                gates.add("reviewed")
            elif to is State.RELEASED:
                payouts.check_release(
                    payout, Decider(by, False), standing, now, tax_model_confirmed=confirmed
                )
                assert (reviewed, confirmed, days >= 0, by != payout.approved_by) == (True,) * 4
                gates.add("released")
            else:
                payouts.check_move(payout, to)
        except Refusal:
            continue
        payout = replace(payout, state=to)
        if payout.state in (State.RELEASED, State.PAID, State.FAILED):
            assert gates == {"reviewed", "released"}


def test_every_state_leads_where_it_should_and_the_database_knows_the_same():
    migration = Path(__file__).parents[2] / "migrations/versions/0033_payouts.sql"
    known = set(re.findall(r"'([a-z_]+ [a-z_]+)'", migration.read_text("utf-8").partition("array[")[2]))
    assert known & {f"{a} {b}" for a in State for b in State} == {f"{a} {b}" for a in MOVES for b in MOVES[a]}


@pytest.mark.parametrize(
    ("first_open", "unfinished", "now", "due"),
    [
        (None, None, NOW, []),
        (NOVEMBER, None, datetime(2026, 12, 2, 23, 59, tzinfo=UTC), []),
        (NOVEMBER, None, datetime(2026, 12, 3, tzinfo=UTC), ["2026-11"]),
        (Period(2026, 10), None, NOW, ["2026-10", "2026-11"]),
        (Period(2026, 12), NOVEMBER, NOW, ["2026-11"]),
    ],
)
def test_months_are_due_in_order_and_an_interrupted_one_first(
    first_open: Period | None, unfinished: Period | None, now: datetime, due: list[str]
):
    assert [str(each) for each in due_months(first_open, unfinished, now)] == due


def test_a_month_is_not_closed_before_an_older_one():
    check_next(NOVEMBER, NOVEMBER, None, NOW)
    for first_open, unfinished in ((Period(2026, 10), None), (NOVEMBER, Period(2026, 10))):
        with pytest.raises(errors.MonthUnfinished):
            check_next(NOVEMBER, first_open, unfinished, NOW)
    with pytest.raises(errors.MonthNotOver):
        check_next(Period(2026, 12), Period(2026, 12), None, NOW)


def test_a_forecast_goes_on_as_the_month_went_and_is_not_made_too_early_or_late():
    at = datetime(2026, 11, 16, tzinfo=UTC)
    found = forecast(1_500, NOVEMBER, at)
    assert found is not None
    assert (found.net, found.days, found.of_days) == (3_000, 15, 30)
    for moment in (datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)):
        assert forecast(1_500, NOVEMBER, moment) is None


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "=HYPERLINK(1)", '-2+3,"x"'])
def test_a_text_that_begins_a_formula_is_prefixed_and_a_number_is_not(text: str):
    (cells,) = csv.reader(io.StringIO(csv_line((text, -5, None)).decode(), newline=""))
    assert cells == [f"'{text}", "-5", ""]


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs",))), min_size=1))
def test_a_line_of_csv_is_read_back_as_it_was_written(cells: list[str]):
    (found,) = csv.reader(io.StringIO(csv_line(cells).decode(), newline=""), strict=True)
    assert [
        cell.removeprefix("'") if not cells[i].startswith("'") else cell for i, cell in enumerate(found)
    ] == cells


def test_an_interrupted_report_goes_on_after_its_last_whole_line():
    head = csv_line(reports.COLUMNS)
    line = csv_line(("2026-11", "acme", "USD", 1, 0, 1, None, "carried"))
    assert reports.position_after(reports.whole_lines(head + line[:9])) is None
    found = reports.position_after(reports.whole_lines(head + line + line[:5]))
    assert str(found) == "2026-11,acme,USD"
    for bad in ("", "2026-11", "2026-13,acme,USD", "2026-11,ACME,USD", "2026-11,acme,usd", "2026-11,a,USD,1"):
        with pytest.raises(Refusal):
            reports.read_position(bad)


@pytest.mark.parametrize(
    "file",
    [
        b"", b"payout,result\r\n", b"a,b\r\n1,2\r\n", b"\xff\xfe", b"payout,result\r\nnope,paid\r\n",
        b'payout,result\r\n"unclosed', b"x" * (bank_runs.LARGEST_FILE + 1),
        f"payout,result,reason\r\n{ANN},failed,\r\n".encode(),
        f"payout,result\r\n{ANN},perhaps\r\n".encode(),
        f"payout,result,reason\r\n{ANN},paid,\r\n{ANN},failed,no\r\n".encode(),
        f"payout,result,reference\r\n{ANN},paid,{'x' * 201}\r\n".encode(),
    ],
)  # fmt: skip
def test_a_banks_file_that_says_anything_else_is_refused_whole(file: bytes):
    with pytest.raises(errors.ResultsUnfit):
        bank_runs.read_results(file)


def test_a_banks_file_may_repeat_itself_and_begin_with_a_mark():
    text = f"payout,result,reference,reason\n{ANN},paid,'=R1,\n{ANN},paid,'=R1,\n{BOB},failed,,no account\n"
    found = bank_runs.read_results(text.encode("utf-8-sig"))
    assert [(each.payout_id, each.paid, each.reference, each.reason) for each in found] == [
        (ANN, True, "=R1", None),
        (BOB, False, None, "no account"),
    ]
