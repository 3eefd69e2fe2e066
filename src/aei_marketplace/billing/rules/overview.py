"""A tenant's spend as its page shows it: by month and by plugin, each currency for itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from aei_marketplace.billing.rules.caps import micros_minor, months_before

#: So many months are shown.
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on one plugin in one month, without tax; on all together where it names none."""

    period: date
    currency: str
    plugin_id: str | None
    micros: int

    @property
    def minor(self) -> int:
        """In minor units, rounded up."""
        return micros_minor(self.micros, self.currency)


@dataclass(frozen=True, slots=True)
class Month:
    """One column of the chart.

    Attributes:
        share: of the highest month, 0 to 1.
    """

    period: date
    minor: int
    share: float

    @property
    def label(self) -> str:
        """`Nov 2026`."""
        return f"{self.period:%b %Y}"


@dataclass(frozen=True, slots=True)
class CurrencySpend:
    """One currency's months, the oldest first, and its plugins of this month, the dearest first."""

    currency: str
    months: tuple[Month, ...]
    plugins: tuple[Spent, ...]

    @property
    def this_month(self) -> Month:
        return self.months[-1]

    @property
    def top(self) -> int:
        """The highest month, in minor units."""
        return max(month.minor for month in self.months)


def spend_overview(spent: Iterable[Spent], this: date) -> tuple[CurrencySpend, ...]:
    """The last twelve months of each currency in which something was spent.

    Args:
        this: the first day of this month.
    """
    every = [each for each in spent if each.micros > 0]
    currencies = sorted({each.currency for each in every})
    return tuple(_of_currency(currency, every, this) for currency in currencies)


def _of_currency(currency: str, every: Sequence[Spent], this: date) -> CurrencySpend:
    own = [each for each in every if each.currency == currency]
    totals = {each.period: each.minor for each in own if each.plugin_id is None}
    top = max(totals.values(), default=0) or 1
    months = [Month(m, totals.get(m, 0), totals.get(m, 0) / top) for m in months_before(this, MONTHS)]
    plugins = [each for each in own if each.plugin_id is not None and each.period == this]
    return CurrencySpend(
        currency, tuple(months), tuple(sorted(plugins, key=lambda each: (-each.micros, each.plugin_id)))
    )
