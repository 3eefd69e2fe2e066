"""Prices: read from a manifest, compared, rated; which one holds at a moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from aei_marketplace.billing.errors.offers import PriceUnfit
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import check_amount, check_currency, exponents

_EXECUTIONS = {"execution": 1, "1k_executions": 1_000}


class Model(StrEnum):
    """How a plugin is paid for."""

    FREE = "free"
    ONE_TIME = "one_time"
    SUBSCRIPTION = "subscription"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Price:
    """What a plugin costs.

    Attributes:
        currency: of ISO 4217; None of what is free.
        amount_minor: minor units of it, without tax; 0 of what is free.
        per: `month` or `year` of a subscription, `execution` or `1k_executions` of usage.
        trial: days of a subscription, executions of usage; None where nothing can be tried.
    """

    model: Model
    currency: str | None = None
    amount_minor: int = 0
    per: str | None = None
    trial: int | None = None

    @property
    def is_free(self) -> bool:
        return self.model is Model.FREE

    @property
    def unit_micros(self) -> int:
        """The price of one unit in millionths of the major unit: of one execution where usage is paid.

        Raises:
            PriceUnfit: a thousandth of it is none of them whole.
        """
        if self.currency is None:
            return 0
        whole, rest = divmod(to_micros(self.amount_minor, self.currency), _EXECUTIONS.get(self.per or "", 1))
        if rest:
            raise PriceUnfit(f"{self.amount_minor} of {self.currency} cannot be divided by a thousand.")
        return whole

    def shape(self) -> Mapping[str, Any]:
        """For programs: the money as everywhere, what it is for, and what can be tried."""
        if self.is_free:
            return {"model": self.model}
        price = {"amount_minor": self.amount_minor, "currency": self.currency}
        return {"model": self.model, "price": price, "per": self.per, "trial": self.trial}


FREE = Price(Model.FREE)


@dataclass(frozen=True, slots=True)
class AnnouncedPrice:
    """A price with the time from which it holds.

    Attributes:
        version: the release that announced it.
    """

    id: UUID
    plugin_id: str
    version: str
    price: Price
    announced_at: datetime
    effective_from: datetime


def read_price(document: Mapping[str, Any]) -> Price:
    """The price that a manifest names; its schema holds already.

    Raises:
        AmountUnfit: the currency has no minor unit in ISO 4217.
        PriceUnfit: one execution's part of it is not whole.
    """
    pricing = document.get("pricing", {"model": Model.FREE})
    if pricing["model"] == Model.FREE:
        return FREE
    trial = pricing.get("trial", {})
    price = Price(
        Model(pricing["model"]),
        check_currency(pricing["currency"], "/pricing/currency"),
        check_amount(pricing["amount_minor"], "/pricing/amount_minor"),
        pricing.get("per"),
        trial.get("days") or trial.get("executions"),
    )
    if price.unit_micros < 1:
        raise PriceUnfit("The price of one execution is too small to be counted.")
    return price


def price_at(announced: Iterable[AnnouncedPrice], moment: datetime) -> AnnouncedPrice | None:
    """The one that holds at a moment: of those in effect the one announced last; None before the first."""
    in_effect = [each for each in announced if each.effective_from <= moment]
    return max(in_effect, key=lambda each: (each.announced_at, each.id.int), default=None)


def next_price(announced: Iterable[AnnouncedPrice], moment: datetime) -> AnnouncedPrice | None:
    """The next one that takes its place; None while no other is announced."""
    every = list(announced)
    now = price_at(every, moment)
    later = [
        each
        for each in every
        if each.effective_from > moment
        and (now is None or (each.announced_at, each.id.int) > (now.announced_at, now.id.int))
    ]
    return min(later, key=lambda each: (each.effective_from, -each.announced_at.timestamp()), default=None)


def effective_from(before: Price | None, new: Price, now: datetime, notice: timedelta) -> datetime:
    """From when a new price holds: at once where nobody pays more for it, else after the notice.

    Args:
        before: what the plugin costs now; None of a plugin that comes with this price.
    """
    return now if before is None or not is_dearer(before, new) else now + notice


def is_dearer(before: Price, new: Price) -> bool:
    """Whether somebody may pay more: certain only of the same thing for less, and of what is free."""
    same = (before.model, before.currency, before.per) == (new.model, new.currency, new.per)
    return not (new.is_free or (same and new.amount_minor <= before.amount_minor))


def micros_each(currency: str) -> int:
    """How many millionths of the major unit a minor unit of the currency is."""
    return int(10 ** (6 - exponents()[currency]))


def to_micros(amount_minor: int, currency: str) -> int:
    """Minor units in millionths of the major unit."""
    return amount_minor * micros_each(currency)


def micros_rounded(micros: int, currency: str) -> int:
    """Millionths of the major unit in minor units, rounded half up (conventions of payouts, 5)."""
    each = micros_each(currency)
    return (2 * micros + each) // (2 * each)


def seen_price(model: str, currency: str | None, amount_minor: int, per: str | None) -> Price:
    """A price as a buyer says that they saw it.

    Raises:
        PriceUnfit: there is no such way to pay.
        AmountUnfit: it is no amount of a known currency.
    """
    if model not in (Model.ONE_TIME, Model.SUBSCRIPTION, Model.USAGE):
        fault = Fault("/model", "one of one_time, subscription, usage")
        raise PriceUnfit("That cannot be bought.", faults=[fault])
    return Price(
        Model(model),
        check_currency(currency or "", "/price/currency"),
        check_amount(amount_minor, "/price/amount_minor"),
        per,
    )
