"""Who is told of prices, of what was bought, and of what is spent."""

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.billing import service as billing
from aei_marketplace.billing.events.prices import PriceAnnounced
from aei_marketplace.billing.events.purchases import PurchaseEnded, PurchaseSuspended, SpendNearCap
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service as installations
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders
from aei_marketplace.web.shell.formats import exact_time

SPEND = "spend.administer"


async def price_announced(deps: Deps, event: PriceAnnounced, trace_id: str) -> None:
    """Tell every tenant that has bought the plugin, or has it installed."""
    if event.before is None:
        return  # nobody had it before it had a price
    data = {
        "plugin": event.plugin_id,
        "before": event.before,
        "after": event.after,
        "since": exact_time(event.effective_from),
    }
    about = Subject("plugin", event.plugin_id)
    async with deps.works.system(JOB, trace_id) as work:
        tenants = {
            *await billing.buyers_of(work, event.plugin_id),
            *await installations.tenants_with(work, event.plugin_id),
        }
        for tenant in sorted(tenants):
            await notices.notify(work, Notice("price.announced", to_holders(tenant, SPEND), about, data))


async def purchase_suspended(deps: Deps, event: PurchaseSuspended, trace_id: str) -> None:
    """Tell who spends for the buyer."""
    async with deps.works.system(JOB, trace_id) as work:
        await notices.notify(work, _of_purchase("purchase.suspended", event, {"plugin": event.plugin_id}))


async def purchase_ended(deps: Deps, event: PurchaseEnded, trace_id: str) -> None:
    """Tell who spends for the buyer."""
    data = {"plugin": event.plugin_id, "because": event.because}
    async with deps.works.system(JOB, trace_id) as work:
        await notices.notify(work, _of_purchase("purchase.ended", event, data))


async def spend_near_cap(deps: Deps, event: SpendNearCap, trace_id: str) -> None:
    """Tell who spends for the tenant."""
    data = {
        "percent": str(event.percent),
        "cap": event.cap,
        "what": event.of or "all plugins together",
        "period": event.period,
    }
    about = Subject("tenant", str(event.buyer))
    async with deps.works.system(JOB, trace_id) as work:
        await notices.notify(work, Notice("spend.near_cap", to_holders(event.buyer, SPEND), about, data))


def _of_purchase(kind: str, event: PurchaseEnded | PurchaseSuspended, data: dict[str, str]) -> Notice:
    about = Subject("purchase", str(event.purchase_id))
    return Notice(kind, to_holders(event.buyer, SPEND), about, data)
