"""Offers: what a plugin costs a tenant now, what it will, and what can be tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.billing.errors.offers import NotForSale, PriceMoved
from aei_marketplace.billing.rules.access import Entitlement
from aei_marketplace.billing.rules.prices import AnnouncedPrice, Model, Price, price_at
from aei_marketplace.web.shell.formats import exact_date, money

_PER = {"month": " a month", "year": " a year", "execution": " a run", "1k_executions": " per 1,000 runs"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a plugin costs whoever looks.

    Attributes:
        owner: the publisher's tenant.
        now: the price in effect; None of what is free, or has none that can be charged.
        next: one that was announced and takes its place later.
        trial: what a purchase could try: days, or executions; None where nothing, or it was tried before.
        entitlement: of the actor's tenant; None for visitors and staff.
    """

    plugin_id: str
    owner: UUID
    now: AnnouncedPrice | None
    next: AnnouncedPrice | None
    trial: int | None
    entitlement: Entitlement | None

    @property
    def price(self) -> Price | None:
        """The price in effect; None where nothing is charged."""
        return None if self.now is None or self.now.price.is_free else self.now.price

    @property
    def to_buy(self) -> Price | None:
        """The price at which the actor's tenant has to buy it first; None when it need not."""
        if self.entitlement is None or self.entitlement.installs:
            return None
        return self.price

    @property
    def words(self) -> str:
        """The price in effect, in words."""
        return worded(self.price)

    @property
    def tries(self) -> str:
        """What can be tried, in words; empty where nothing can."""
        return "" if self.price is None or self.trial is None else worded_trial(self.price)

    @property
    def announced(self) -> str:
        """What it will cost and from when on, in words; empty where nothing was announced."""
        if self.next is None:
            return ""
        return f"{worded(self.next.price)} from {exact_date(self.next.effective_from)}"

    def shape(self) -> Mapping[str, Any]:
        """For programs."""
        held = self.entitlement
        return {
            "plugin_id": self.plugin_id,
            **(self.now.price.shape() if self.now else {"model": Model.FREE}),
            "words": self.words,
            "trial": self.trial,
            "next": None
            if self.next is None
            else {
                **self.next.price.shape(),
                "words": worded(self.next.price),
                "effective_from": self.next.effective_from,
            },
            "entitlement": None
            if held is None
            else {
                "installs": held.installs,
                "runs": held.runs,
                "why": held.why or None,
                "advice": held.advice or None,
                "purchase": held.purchase.id if held.purchase else None,
                "trial_left": held.trial_left,
            },
        }


def worded(price: Price | None) -> str:
    """`Free`, `USD 5.00`, `USD 9.00 a month`."""
    if price is None or price.currency is None:
        return "Free"
    amount = money(price.amount_minor, price.currency)
    return amount + (_PER[price.per] if price.per else "")


def worded_trial(price: Price) -> str:
    """`14 days free first`; empty where nothing can be tried."""
    if price.trial is None:
        return ""
    unit = "day" if price.model is Model.SUBSCRIPTION else "run"
    return f"{price.trial:,} {unit}{'' if price.trial == 1 else 's'} free first"


def check_for_sale(
    plugin_id: str, announced: list[AnnouncedPrice], seen: Price, now: datetime, *, own: bool
) -> AnnouncedPrice:
    """The price that a buyer agrees to.

    Args:
        seen: what they saw, without the trial.
        own: the plugin is of their own publisher.

    Raises:
        NotForSale: there is nothing to pay.
        PriceMoved: it costs something else by now.
    """
    if own:
        raise NotForSale(f"{plugin_id} is of your own publisher, who does not pay for it.")
    held = price_at(announced, now)
    if held is None or held.price.is_free:
        raise NotForSale(f"{plugin_id} costs nothing now.", advice="Install it.")
    price = held.price
    if (price.model, price.currency, price.amount_minor, price.per) != (
        seen.model,
        seen.currency,
        seen.amount_minor,
        seen.per,
    ):
        raise PriceMoved(f"{plugin_id} costs {worded(price)}, and you agreed to {worded(seen)}.")
    return held
