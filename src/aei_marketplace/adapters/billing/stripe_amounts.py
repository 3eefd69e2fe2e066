"""Amounts as Stripe writes them, whose number of digits is not always that of ISO 4217.

Source: https://docs.stripe.com/currencies, sections on zero-decimal, three-decimal and special currencies.
"""

from aei_marketplace.ground.money import exponents

_ZERO = (
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_THREE = ("BHD", "JOD", "KWD", "OMR", "TND")
#: How many digits Stripe's amounts have; 2 where nothing stands. ISK and UGX have none in ISO 4217, MGA two.
DIGITS = {**dict.fromkeys(_ZERO, 0), **dict.fromkeys(_THREE, 3)}
#: Of these Stripe takes whole units alone: two digits, both of them 0. Some only when money leaves.
_WHOLE, _WHOLE_OUT = frozenset({"ISK", "UGX"}), frozenset({"HUF", "ISK", "TWD", "UGX"})


class AmountStrange(ValueError):
    """An amount that one side can write and the other cannot."""


def to_stripe(amount: int, currency: str, *, out: bool = False) -> int:
    """An amount in Stripe's units.

    Args:
        amount: minor units of ISO 4217.
        out: it goes to a creator.

    Raises:
        AmountStrange: Stripe does not take it, or not the currency.
    """
    digits, more = _digits(currency)
    value, rest = _moved(amount, more)
    step = 10 if digits == 3 else 100 if currency in (_WHOLE_OUT if out else _WHOLE) else 1
    if rest or value % step:
        raise AmountStrange(f"Stripe does not take {amount} minor units of {currency}")
    return value


def from_stripe(value: int, currency: str) -> int:
    """An amount in minor units of ISO 4217.

    Raises:
        AmountStrange: it is no whole number of them, or the currency is not known.
    """
    _, more = _digits(currency)
    amount, rest = _moved(value, -more)
    if rest:
        raise AmountStrange(f"{value} of Stripe's units of {currency} are no whole minor units")
    return amount


def _digits(currency: str) -> tuple[int, int]:
    """How many digits Stripe writes, and how many more than ISO 4217."""
    standard, digits = exponents().get(currency), DIGITS.get(currency, 2)
    if standard is None or (currency not in DIGITS and standard > 2):
        raise AmountStrange(f"Stripe does not know the currency {currency}")
    return digits, digits - standard


def _moved(amount: int, digits: int) -> tuple[int, int]:
    """The amount with so many digits more, or fewer, and what does not fit."""
    scale: int = 10 ** abs(digits)
    return (amount * scale, 0) if digits >= 0 else divmod(amount, scale)
