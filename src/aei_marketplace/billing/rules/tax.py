"""Tax at the sale: which rate applies, what it comes to, and when the buyer owes it instead.

The tax is reckoned once for each rate of an invoice, on the sum of what is sold at it, and rounded half up to
the minor unit; what it comes to is then divided among the lines by largest remainder. See ADR 31.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from aei_marketplace.billing.errors.details import TaxRateMissing, TaxRateUnfit
from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.ground.countries import COUNTRIES, UNION
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ledger.rules.allocation import allocate

#: What a plugin counts as where nothing else was recorded.
DIGITAL = "digital"
#: Stands for every country that has no rate of its own.
ELSEWHERE = "*"
WHOLE = 10_000
_CATEGORY = re.compile(r"[a-z][a-z_]{0,38}")


@dataclass(frozen=True, slots=True)
class TaxRate:
    """What the operator charges from one day on.

    Attributes:
        country: ISO 3166-1, or `*` for all that have no rate of their own.
        rate_bps: basis points: 1900 are 19 %.
    """

    category: str
    country: str
    from_day: date
    rate_bps: int


def check_rate(rate: TaxRate, now: datetime) -> None:
    """Refuse what is no rate, or one that begins before today: invoices were issued by what stood then.

    Raises:
        TaxRateUnfit: with every problem.
    """
    faults = []
    if not _CATEGORY.fullmatch(rate.category):
        faults.append(Fault("/category", "a short name in small letters, such as digital"))
    if rate.country != ELSEWHERE and rate.country not in COUNTRIES:
        faults.append(Fault("/country", "two letters of ISO 3166-1, or * for all others", "country_unknown"))
    if type(rate.rate_bps) is not int or not 0 <= rate.rate_bps <= WHOLE:
        faults.append(Fault("/rate_bps", f"a whole number of basis points from 0 to {WHOLE}"))
    if rate.from_day < now.astimezone(UTC).date():
        faults.append(Fault("/from_day", "today or later, in UTC", "from_day_past"))
    if faults:
        raise TaxRateUnfit("The rate cannot be kept.", faults=faults)


def check_category(category: str) -> str:
    """The name of a tax category.

    Raises:
        TaxRateUnfit: it is none.
    """
    if not _CATEGORY.fullmatch(category):
        fault = Fault("/category", "a short name in small letters, such as digital")
        raise TaxRateUnfit("The tax category cannot be kept.", faults=[fault])
    return category


def is_reverse_charge(seller: Party, buyer: Party) -> bool:
    """Whether the buyer owes the tax: a business with a tax id, in another member state than the seller.

    Source: articles 44 and 196 of council directive 2006/112/EC.
    """
    return (
        buyer.tax_id is not None
        and seller.country != buyer.country
        and seller.country in UNION
        and buyer.country in UNION
    )


def rate_for(rates: Iterable[TaxRate], category: str, country: str, day: date) -> int:
    """The rate in basis points that applies on a day.

    Args:
        rates: in the order in which they were recorded; of one day the last stands.

    Raises:
        TaxRateMissing: neither the country nor all others have one by then.
    """
    for where in (country, ELSEWHERE):
        fit = [r for r in rates if (r.category, r.country) == (category, where) and r.from_day <= day]
        if fit:
            newest = max(rate.from_day for rate in fit)
            return [rate.rate_bps for rate in fit if rate.from_day == newest][-1]
    raise TaxRateMissing(f"No rate is set for {category} in {country}.")


def tax_on(base: int, rate_bps: int) -> int:
    """The tax on an amount, rounded half up to the minor unit."""
    return (2 * base * rate_bps + WHOLE) // (2 * WHOLE)


def tax_lines(lines: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Each line's part of the tax, which is reckoned once for each rate.

    Args:
        lines: net amount in minor units, above nothing, and rate in basis points, of each.

    Returns:
        The tax of each, in their order.
    """
    at_rate: dict[int, list[int]] = defaultdict(list)
    for position, (_, rate) in enumerate(lines):
        at_rate[rate].append(position)
    parts = [0] * len(lines)
    for rate, positions in at_rate.items():
        nets = [lines[position][0] for position in positions]
        for position, part in zip(positions, allocate(tax_on(sum(nets), rate), nets), strict=True):
            parts[position] = part
    return tuple(parts)
