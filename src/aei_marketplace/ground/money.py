"""Money: whole minor units of an ISO 4217 currency. It is never converted, and never a fraction."""

import re
from functools import cache

import iso4217

from aei_marketplace.ground.errors import Fault, Invalid

#: The largest amount, in minor units: sums of millions of them stay within 64 bits.
MOST = 10**12
_TYPED = re.compile(r"([0-9]{1,12})(?:[.]([0-9]{1,4}))?")


class AmountUnfit(Invalid):
    """It is no amount of money that the marketplace can hold."""

    type = "amount-unfit"
    title = "The amount cannot be used"


@cache
def exponents() -> dict[str, int]:
    """How many digits the minor unit has, by currency (ISO 4217 table A.1); metals and tests have none."""
    return {str(each.code): each.exponent for each in iso4217.Currency if each.exponent is not None}


def check_currency(currency: str, pointer: str = "/currency") -> str:
    """A code of ISO 4217 with a minor unit.

    Raises:
        AmountUnfit: it is none.
    """
    if currency not in exponents():
        fault = Fault(pointer, f"{currency[:10]!r} is no currency of ISO 4217", "currency_unknown")
        raise AmountUnfit("The currency is not known.", faults=[fault])
    return currency


def check_amount(amount_minor: object, pointer: str = "/amount_minor", *, least: int = 1) -> int:
    """A whole number of minor units from `least` to `MOST`.

    Raises:
        AmountUnfit: it is none, as a fraction, a text or a truth value is.
    """
    if type(amount_minor) is not int or not least <= amount_minor <= MOST:
        fault = Fault(pointer, f"a whole number of minor units from {least} to {MOST}", "amount_unfit")
        raise AmountUnfit("The amount is not one.", faults=[fault])
    return amount_minor


def read_amount(typed: str, currency: str, pointer: str = "/amount") -> int:
    """An amount as people type it, in minor units: `1,250.50` of USD is 125050.

    Raises:
        AmountUnfit: there is no such currency, or it is no amount of it.
    """
    digits = exponents()[check_currency(currency, pointer)]
    found = _TYPED.fullmatch(typed.strip().replace(",", ""))
    if found is None or len(found[2] or "") > digits:
        fault = Fault(pointer, f"an amount as {write_amount(125_000, currency)}", "amount_unfit")
        raise AmountUnfit("The amount cannot be read.", faults=[fault])
    amount: int = int(found[1]) * 10**digits + int((found[2] or "").ljust(digits, "0") or 0)
    return amount


def write_amount(amount_minor: int, currency: str) -> str:
    """An amount that is not negative as it stands in a field, so that `read_amount` reads it again."""
    digits = exponents().get(currency, 2)
    fraction = f".{amount_minor % 10**digits:0{digits}}" if digits else ""
    return f"{amount_minor // 10**digits}{fraction}"
