"""What plugins cost whoever looks."""

from aei_marketplace.billing.rules.offers import Offer
from aei_marketplace.billing.rules.prices import next_price, price_at
from aei_marketplace.billing.service.entitlements import entitlements_of
from aei_marketplace.billing.store import prices, purchases
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import PluginView
from aei_marketplace.ground.work import Work


async def find_offer(work: Work, plugin_id: str) -> Offer:
    """What a plugin costs now and later, and what the actor's tenant holds of it.

    Raises:
        PluginNotFound: there is none that the actor may see.
    """
    return await offer_of(work, await catalog.find_plugin(work, plugin_id))


async def offer_of(work: Work, plugin: PluginView) -> Offer:
    """The same of a plugin that was found; where it has no price, in two statements at most."""
    tenant = work.actor.tenant
    announced = (await prices.prices_of(work, [plugin.id])).get(plugin.id, [])
    held = price_at(announced, work.now)
    trial = None if held is None else held.price.trial
    if trial is not None and tenant is not None and await purchases.was_bought(work, tenant, plugin.id):
        trial = None
    entitlement = None if tenant is None else (await entitlements_of(work, [plugin]))[plugin.id]
    later = next_price(announced, work.now)
    return Offer(plugin.id, plugin.owner_tenant, held, later, trial, entitlement)
