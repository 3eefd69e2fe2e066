"""The least that is paid out, by currency, in whole minor units."""

from collections.abc import Mapping

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import MOST, check_currency, exponents
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts.errors import ThresholdUnfit

#: Where the operator decides nothing else: about fifty of the larger currencies' units.
_BY_CURRENCY = {"USD": 5_000, "EUR": 5_000, "JPY": 5_000, "KWD": 15_000}
_BY_EXPONENT = {0: 5_000, 2: 5_000, 3: 15_000, 4: 500_000}
#: Currencies whose thresholds are shown even where nobody decided anything.
USUAL = tuple(_BY_CURRENCY)
#: A sweep pays what reaches this.
SWEEP_LEAST = 100


def least_of(currency: str, decided: Mapping[str, int]) -> int:
    """The operator's threshold of a currency.

    Args:
        decided: what the operator set, by currency.
    """
    by_exponent = _BY_EXPONENT.get(exponents().get(currency, 2), 5_000)
    return decided.get(currency, _BY_CURRENCY.get(currency, by_exponent))


def threshold_of(least: int, asked: int | None) -> int:
    """What applies to a creator, who may ask for more and never for less."""
    return max(least, asked or 0)


def sweep_of(period: Period, december_sweep: bool) -> int | None:
    """What a sweep pays in this month; None when there is none."""
    return SWEEP_LEAST if december_sweep and period.month == 12 else None


def check_threshold(currency: str, amount: int, *, least: int = 1) -> None:
    """Refuse what cannot be a threshold.

    Args:
        least: the operator's, which a creator does not go below.

    Raises:
        AmountUnfit: there is no such currency.
        ThresholdUnfit: it is too small or too large.
    """
    check_currency(currency)
    if type(amount) is not int or not least <= amount <= MOST:
        fault = Fault("/amount_minor", f"a whole number of minor units from {least} to {MOST}")
        raise ThresholdUnfit(f"The threshold of {currency} cannot be used.", faults=[fault])
