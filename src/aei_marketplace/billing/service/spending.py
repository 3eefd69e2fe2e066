"""A tenant's spend as a whole."""

from dataclasses import dataclass
from datetime import date

from aei_marketplace.billing.rules.caps import months_before
from aei_marketplace.billing.rules.overview import MONTHS, CurrencySpend, Spent, spend_overview
from aei_marketplace.billing.service.caps import this_month
from aei_marketplace.billing.service.purchases import ACTION
from aei_marketplace.billing.store import usage as store
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class MeteredMonth:
    """The counted runs of a plugin in a month, of which there is a receipt."""

    period: date
    plugin_id: str
    runs: int


@dataclass(frozen=True, slots=True)
class Spending:
    """What the tenant has spent, and the months with receipts, the newest first."""

    currencies: tuple[CurrencySpend, ...]
    metered: tuple[MeteredMonth, ...]


async def find_spending(work: Work) -> Spending:
    """The last twelve months of the actor's tenant.

    Raises:
        NotAllowed: the actor may not spend.
    """
    work.actor.require(ACTION)
    tenant, this = work.actor.in_tenant(), this_month(work)
    since = months_before(this, MONTHS)[0]
    rows = await store.find_spend(work, tenant, since)
    spent = [Spent(row.period, row.currency, row.plugin_id or None, row.micros) for row in rows]
    metered = await store.metered_months(work, tenant, since)
    return Spending(
        spend_overview(spent, this),
        tuple(MeteredMonth(row.period, row.plugin_id, row.runs) for row in metered),
    )
