"""Amounts and currencies."""

import pytest

from aei_marketplace.ground.money import (
    MOST,
    AmountUnfit,
    check_amount,
    check_currency,
    exponents,
    read_amount,
    write_amount,
)


def test_minor_units_are_those_of_iso_4217():
    assert {code: exponents()[code] for code in ("USD", "JPY", "KWD", "CLF")} == {
        "USD": 2,
        "JPY": 0,
        "KWD": 3,
        "CLF": 4,
    }


@pytest.mark.parametrize("amount", [0, -1, 1.0, 4.5, "5", True, None, MOST + 1])
def test_what_is_no_amount_is_refused(amount: object):
    with pytest.raises(AmountUnfit):
        check_amount(amount)
    assert check_amount(MOST) == MOST


@pytest.mark.parametrize("currency", ["usd", "XAU", "XXX", "ZZZ", "", "US D"])
def test_what_is_no_currency_with_a_minor_unit_is_refused(currency: str):
    with pytest.raises(AmountUnfit):
        check_currency(currency)
    assert check_currency("EUR") == "EUR"


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [("1,250.5", "USD", 125_050), ("7", "KWD", 7_000), ("1.234", "KWD", 1_234), ("500", "JPY", 500)],
)
def test_an_amount_is_read_as_it_is_typed_and_written_so_that_it_reads_the_same(
    typed: str, currency: str, amount: int
):
    assert read_amount(typed, currency) == amount
    assert read_amount(write_amount(amount, currency), currency) == amount


@pytest.mark.parametrize("typed", ["", "-5", "1.005", "1e3", "5 €", "0x5", "٥", "1.", "9" * 13])
def test_what_is_no_amount_of_a_currency_is_not_read(typed: str):
    with pytest.raises(AmountUnfit):
        read_amount(typed, "USD")
    with pytest.raises(AmountUnfit):
        read_amount("5.5", "JPY")
