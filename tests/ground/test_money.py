"""Amounts and currencies."""

import pytest

from aei_marketplace.ground.money import MOST, AmountUnfit, check_amount, check_currency, exponents


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
