"""Whether a tenant may install and run plugins, as far as money is concerned."""

from collections.abc import Iterable, Mapping

from aei_marketplace.billing.rules.access import Entitlement, entitlement
from aei_marketplace.billing.rules.prices import FREE, Price, price_at
from aei_marketplace.billing.store import prices, purchases
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import PluginView, ReleaseView
from aei_marketplace.ground.work import Work


async def entitlement_for(work: Work, plugin_id: str) -> Entitlement:
    """What the actor's tenant may do with a plugin.

    Raises:
        PluginNotFound: there is none that the actor may see.
        NotAllowed: the actor acts in no tenant.
    """
    plugin = await catalog.find_plugin(work, plugin_id)
    return (await entitlements_of(work, [plugin]))[plugin.id]


async def entitlements_of(
    work: Work, looked_at: Iterable[ReleaseView | PluginView]
) -> Mapping[str, Entitlement]:
    """The same of several plugins, in one statement where none of them has a price, else in two.

    Args:
        looked_at: releases or plugins that the actor's tenant sees, of each plugin any.

    Raises:
        NotAllowed: the actor acts in no tenant.
    """
    tenant = work.actor.in_tenant()
    known = {_id(each): each for each in looked_at}
    announced = await prices.prices_of(work, known) if known else {}
    priced = [id for id in known if id in announced]
    bought = await purchases.find_live_of(work, tenant, priced) if priced else {}
    found = {}
    for id, each in known.items():
        held = price_at(announced.get(id, ()), work.now)
        price = held.price if held else _named(each)
        found[id] = entitlement(id, price, bought.get(id), work.now, own=each.owner_tenant == tenant)
    return found


def _id(each: ReleaseView | PluginView) -> str:
    return each.plugin_id if isinstance(each, ReleaseView) else each.id


def _named(each: ReleaseView | PluginView) -> Price | None:
    """The price of a plugin for which none was announced: free, or not in effect yet."""
    return FREE if each.manifest.document.get("pricing", {}).get("model", FREE.model) == FREE.model else None
