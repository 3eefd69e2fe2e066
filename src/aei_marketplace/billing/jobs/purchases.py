"""Jobs: prices are announced, payments begin access, periods renew, usage is charged, spend is told of."""

from aei_marketplace.billing.events.invoices import CreditNoteIssued, InvoicePaid
from aei_marketplace.billing.events.purchases import BuyerAccountChanged
from aei_marketplace.billing.service import buyers, caps, payments, prices, renewals, usage
from aei_marketplace.catalog.events import ReleaseListed
from aei_marketplace.ground.deps import Deps


async def announce_price(deps: Deps, event: ReleaseListed, trace_id: str) -> None:
    """A release is listed: it may name another price."""
    async with deps.works.system("billing.announce_price", trace_id) as work:
        await prices.announce_price(work, event.plugin_id, deps.price_notice)


async def announce_first_prices(deps: Deps) -> None:
    """Plugins that named a price before prices were charged."""
    await prices.announce_first_prices(deps.works, deps.price_notice)


async def settle(deps: Deps, event: InvoicePaid, trace_id: str) -> None:
    """An invoice is paid: access begins or goes on, and sales hear of it."""
    async with deps.works.system("billing.settle", trace_id) as work:
        await payments.settle(work, event)


async def take_back(deps: Deps, event: CreditNoteIssued, trace_id: str) -> None:
    """An invoice is credited: what was bought with it may end, and sales hear of it."""
    async with deps.works.system("billing.take_back", trace_id) as work:
        await payments.take_back(work, event)


async def follow_account(deps: Deps, event: BuyerAccountChanged, trace_id: str) -> None:
    """Staff have decided how a tenant pays."""
    async with deps.works.system("billing.follow_account", trace_id) as work:
        await buyers.follow_account(work, event.buyer)


async def renew_purchases(deps: Deps) -> None:
    """Tell of what ends soon, begin what is due, and suspend what is overdue."""
    await renewals.tell_of_renewals(deps.works)
    await renewals.renew_due(deps.works)
    await renewals.suspend_overdue(deps.works)


async def charge_usage(deps: Deps) -> None:
    """Invoice the usage of months that are over."""
    await usage.charge_usage(deps.works)


async def tell_near_caps(deps: Deps) -> None:
    """Tell tenants how much of their caps is spent."""
    async with deps.works.system("billing.tell_near_caps") as work:
        await caps.tell_near_caps(work)
