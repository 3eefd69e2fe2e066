"""Amounts as people type and read them in fields: `50.00` for 5000 minor units of two digits."""

import re

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import check_currency, exponents
from aei_marketplace.payouts.errors import ThresholdUnfit

_TYPED = re.compile(r"([0-9]{1,12})(?:[.]([0-9]{1,4}))?")


def read_amount(typed: str, currency: str) -> int:
    """What was typed, in minor units.

    Raises:
        AmountUnfit: there is no such currency.
        ThresholdUnfit: it is no amount of that currency.
    """
    digits = exponents()[check_currency(currency)]
    found = _TYPED.fullmatch(typed.replace(",", ""))
    if found is None or len(found[2] or "") > digits:
        example = written(5_000, currency)
        fault = Fault("/amount", f"an amount as {example}")
        raise ThresholdUnfit("The amount cannot be read.", faults=[fault])
    return int(found[1]) * 10**digits + int((found[2] or "").ljust(digits, "0") or 0)


def written(amount_minor: int, currency: str) -> str:
    """An amount as it stands in a field."""
    digits = exponents().get(currency, 2)
    fraction = f".{amount_minor % 10**digits:0{digits}}" if digits else ""
    return f"{amount_minor // 10**digits}{fraction}"
