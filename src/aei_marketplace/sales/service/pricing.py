"""Which share applies to a sale."""

from collections.abc import Collection
from datetime import date

from aei_marketplace.ground.work import Work
from aei_marketplace.sales.rules.bookings import Sold, sell
from aei_marketplace.sales.rules.facts import Sale
from aei_marketplace.sales.rules.shares import Revenue, share_at, terms_at
from aei_marketplace.sales.rules.tiers import counted_until
from aei_marketplace.sales.store import agreements as store
from aei_marketplace.sales.store import lines


async def price(work: Work, sales: Collection[Sale]) -> list[Sold]:
    """Divide sales by the agreements in force when each was earned."""
    agreements = await store.of_plugins(work, {sale.plugin_id for sale in sales})
    in_tiers = {
        _reach(sale) for sale in sales if terms_at(agreements.get(sale.plugin_id, ()), sale.earned_at).tiers
    }
    grossed = await lines.revenue_until(work, in_tiers) if in_tiers else {}
    sold = []
    for sale in sales:
        revenue = Revenue(sale.currency, grossed.get(_reach(sale), 0))
        sold.append(sell(sale, share_at(agreements.get(sale.plugin_id, ()), sale.earned_at, revenue)))
    return sold


def _reach(sale: Sale) -> tuple[str, str, date]:
    return sale.plugin_id, sale.currency, counted_until(sale.earned_at).first_day
