"""Amounts as people type them: in the major unit, with a point, exactly as many digits as there are."""

import re

from aei_marketplace.billing.errors.caps import CapUnfit
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import check_amount, check_currency, exponents

_TYPED = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,4}))?")


def read_amount(typed: str, currency: str, field: str) -> int | None:
    """Minor units of what was typed; None where nothing was.

    Args:
        field: what a refusal calls it.

    Raises:
        CapUnfit: it is no such amount, or has more digits than the currency.
        AmountUnfit: the currency is not known, or it is too much.
    """
    if not typed:
        return None
    digits = exponents()[check_currency(currency, "currency")]
    found = _TYPED.fullmatch(typed.replace(",", ""))
    if found is None or len(found[2] or "") > digits:
        example = f"12.{'5'.ljust(digits, '0')}" if digits else "1250"
        raise CapUnfit("The form has a problem.", faults=[Fault(field, f"an amount such as {example}")])
    return check_amount(int(found[1] + (found[2] or "").ljust(digits, "0")), field, least=0)
