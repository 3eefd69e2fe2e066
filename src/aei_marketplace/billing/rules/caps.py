"""Spend caps: what a tenant allows itself in a month and on one execution, and when it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aei_marketplace.billing.errors.caps import CapUnfit
from aei_marketplace.billing.rules.prices import micros_each, to_micros
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import check_amount, check_currency
from aei_protocol.identifiers import PluginId

#: Per cent of a monthly cap at which the tenant is told.
ALERTS = (50, 80, 100)
MOST_CAPS = 200


@dataclass(frozen=True, slots=True)
class Cap:
    """What a tenant allows itself in one currency, without tax.

    Attributes:
        plugin_id: of one plugin; None of all together.
        month_minor: in a UTC month, minor units; None: no limit.
        execution_minor: on one execution.
    """

    currency: str
    plugin_id: str | None
    month_minor: int | None
    execution_minor: int | None

    def micros(self) -> tuple[int | None, int | None]:
        """Both in millionths of the major unit."""
        both = (self.month_minor, self.execution_minor)
        month, execution = (None if each is None else to_micros(each, self.currency) for each in both)
        return month, execution

    def shape(self) -> Mapping[str, Any]:
        """For programs."""
        return {
            "currency": self.currency,
            "plugin": self.plugin_id,
            "month": _money(self.month_minor, self.currency),
            "execution": _money(self.execution_minor, self.currency),
        }


@dataclass(frozen=True, slots=True)
class CapStanding:
    """A cap and how much of it is spent.

    Attributes:
        spent_micros: this month, in millionths of the major unit, runs under way included.
    """

    cap: Cap
    spent_micros: int

    @property
    def percent(self) -> int | None:
        """How much of the monthly cap that is, rounded down; None without one."""
        most = self.cap.micros()[0]
        if most is None:
            return None
        return 100 if most == 0 else self.spent_micros * 100 // most


def check_cap(
    currency: str, plugin_id: str | None, month_minor: object, execution_minor: object, at: str = ""
) -> Cap:
    """A cap as it may be kept. 0 is one: nothing that costs anything runs.

    Args:
        at: JSON pointer of the cap.

    Raises:
        CapUnfit: it limits nothing, or names no plugin.
        AmountUnfit: an amount is none of the currency.
    """
    check_currency(currency, f"{at}/currency")
    if month_minor is None and execution_minor is None:
        raise CapUnfit("The cap limits nothing.", faults=[Fault(at or "/", "name month or execution")])
    if plugin_id is not None:
        try:
            PluginId.parse(plugin_id)
        except ValueError as error:
            fault = Fault(f"{at}/plugin", "the id of a plugin")
            raise CapUnfit("The cap names no plugin.", faults=[fault]) from error
    return Cap(
        currency,
        plugin_id,
        None if month_minor is None else check_amount(month_minor, f"{at}/month/amount_minor", least=0),
        None
        if execution_minor is None
        else check_amount(execution_minor, f"{at}/execution/amount_minor", least=0),
    )


def check_all_caps(caps: list[Cap]) -> list[Cap]:
    """Caps as they are kept together.

    Raises:
        CapUnfit: they are too many, or two are about the same.
    """
    if len(caps) > MOST_CAPS:
        raise CapUnfit(f"A tenant has at most {MOST_CAPS} caps.")
    about = [(cap.currency, cap.plugin_id) for cap in caps]
    if len(set(about)) < len(about):
        raise CapUnfit("Two caps are about the same currency and plugin.")
    return caps


def due_alert(spent_micros: int, most_micros: int, told: int) -> int | None:
    """The highest per cent to tell of now; None where that was done.

    Args:
        told: the per cent that were told of last in this month.
    """
    reached = [each for each in ALERTS if spent_micros * 100 >= most_micros * each and spent_micros > 0]
    highest = max(reached, default=0)
    return highest if highest > told else None


def months_before(period: date, count: int) -> list[date]:
    """So many months that end with this one, by their first days, the oldest first."""
    last = period.year * 12 + period.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(last - count + 1, last + 1)]


def micros_minor(micros: int, currency: str) -> int:
    """Millionths of the major unit in minor units, rounded up: what is shown is never less than is spent."""
    return -(-micros // micros_each(currency))


def _money(amount: int | None, currency: str) -> Mapping[str, Any] | None:
    return None if amount is None else {"amount_minor": amount, "currency": currency}
