"""The operator's tax rates and the tax categories of plugins."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.billing.rules.tax import (
    DIGITAL,
    ELSEWHERE,
    TaxRate,
    check_category,
    check_rate,
    is_reverse_charge,
    rate_for,
)
from aei_marketplace.billing.store import details as store
from aei_marketplace.catalog.service import find_plugin
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work


async def set_rate(work: Work, rate: TaxRate) -> TaxRate:
    """Have a rate apply from a day on. What stood before stays on record.

    Raises:
        NotAllowed: the actor may not.
        TaxRateUnfit: it is none, or begins before today.
    """
    work.actor.require("revenue.administer")
    check_rate(rate, work.now)
    values = {"id": new_id(), **asdict(rate), "recorded_at": work.now, "recorded_by": work.actor.id}
    await store.add_rate(work, values)
    context = {"from_day": rate.from_day.isoformat(), "rate_bps": rate.rate_bps}
    work.record(Fact("tax_rate.set", "tax_rate", f"{rate.category}/{rate.country}", context=context))
    return rate


async def list_rates(work: Work) -> list[TaxRate]:
    """All rates in the order in which they were recorded.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require("revenue.administer")
    return [_rate(row) for row in await store.list_rates(work)]


async def set_category(work: Work, plugin_id: str, category: str) -> None:
    """Say what kind of supply a plugin is, from the next invoice on.

    Raises:
        NotAllowed: the actor may not.
        TaxRateUnfit: it is no category.
        NoSuchPlugin: there is no such plugin.
    """
    work.actor.require("revenue.administer")
    check_category(category)
    await find_plugin(work, plugin_id)
    row = {"id": new_id(), "plugin_id": plugin_id, "category": category, "recorded_at": work.now}
    await store.add_category(work, {**row, "recorded_by": work.actor.id})
    work.record(Fact("tax_category.set", "plugin", plugin_id, context={"category": category}))


async def rates_on_sale(
    work: Work, seller: Party, buyer: Party, plugins: Iterable[str]
) -> dict[str, tuple[str, int]]:
    """Category and rate in basis points of each plugin, now; 0 where the buyer owes the tax.

    Raises:
        TaxRateMissing: the operator has not decided about one.
    """
    wanted = sorted(set(plugins))
    categories = await store.categories_of(work, wanted)
    named = {plugin: categories.get(plugin, DIGITAL) for plugin in wanted}
    if is_reverse_charge(seller, buyer):
        return {plugin: (category, 0) for plugin, category in named.items()}
    rates = [_rate(row) for row in await store.list_rates(work, (buyer.country, ELSEWHERE))]
    today = work.now.date()
    return {p: (category, rate_for(rates, category, buyer.country, today)) for p, category in named.items()}


def _rate(row: Any) -> TaxRate:
    return TaxRate(row.category, row.country, row.from_day, row.rate_bps)
