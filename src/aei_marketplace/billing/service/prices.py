"""Announcing prices: that of the release which a plugin's listing describes."""

from datetime import datetime, timedelta

from aei_marketplace.billing.errors.offers import PriceUnfit
from aei_marketplace.billing.events.prices import PriceAnnounced
from aei_marketplace.billing.rules.offers import worded
from aei_marketplace.billing.rules.prices import (
    FREE,
    AnnouncedPrice,
    Price,
    effective_from,
    price_at,
    read_price,
)
from aei_marketplace.billing.store import prices as store
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import PluginView
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.money import AmountUnfit
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work, Works

#: So many plugins get their first price in one go of the chore.
_BATCH = 200
_LOOKED_BACK = 50


async def announce_price(work: Work, plugin_id: str, notice: timedelta) -> AnnouncedPrice | None:
    """Announce the price that a plugin's listing names, if it is another one than was announced last.

    What may cost somebody more applies after the notice; a plugin's first price, and what costs nobody more,
    at once. Done again it does nothing.

    Args:
        work: of a named job.

    Returns:
        What was announced; None when there was nothing to announce, or the price cannot be charged.
    """
    work.actor.require("revenue.administer")
    await store.hold_plugin(work, plugin_id)
    plugin = (await catalog.find_plugins(work, [plugin_id])).get(plugin_id)
    if plugin is None:
        return None
    try:
        price = read_price(plugin.document)
    except (PriceUnfit, AmountUnfit):
        return None  # published before such prices were refused; nobody can buy it, and admission says so
    announced = (await store.prices_of(work, [plugin_id])).get(plugin_id, [])
    if announced and announced[-1].price == price:
        return None
    if announced:
        return await _announce(work, plugin, _holding(work, announced), price, notice)
    if price.is_free:
        return None
    before = await _listed_before(work, plugin)
    if before is not None:
        # The first row tells that it was free until now; it stands before the one that follows.
        moment = work.now - timedelta(microseconds=1)
        await store.add_price(work, _as_announced(plugin, before, moment, moment))
    return await _announce(work, plugin, before, price, notice)


async def announce_first_prices(works: Works, notice: timedelta) -> int:
    """Announce the prices of plugins that have none yet although their listings name one; how many."""
    async with works.system("billing.announce_prices") as work:
        paid = await catalog.list_paid(work)
        waiting = await store.without_price(work, paid, _BATCH)
    done = 0
    for plugin_id in waiting:
        async with works.system("billing.announce_prices") as work:
            done += await announce_price(work, plugin_id, notice) is not None
    return done


def _holding(work: Work, announced: list[AnnouncedPrice]) -> Price:
    now = price_at(announced, work.now)
    return now.price if now else FREE


async def _listed_before(work: Work, plugin: PluginView) -> Price | None:
    """What the plugin asked before anything was announced; None when this release is its first."""
    page = await catalog.list_releases(work, plugin.id, PageWanted(_LOOKED_BACK))
    earlier = [r for r in page.items if r.listed_at is not None and r.version != plugin.latest_version]
    newest = max(earlier, key=lambda r: r.listed_at, default=None)
    if newest is None:
        return None
    asked = newest.manifest.document.get("pricing", {}).get("model", "free")
    # What asked a price that nobody was charged gave nobody a claim to have it for nothing.
    return FREE if asked == "free" else None


async def _announce(
    work: Work, plugin: PluginView, before: Price | None, price: Price, notice: timedelta
) -> AnnouncedPrice:
    since = effective_from(before, price, work.now, notice)
    fresh = _as_announced(plugin, price, work.now, since)
    await store.add_price(work, fresh)
    said = None if before is None else worded(before)
    context = {"version": plugin.latest_version, "price": worded(price), "before": said}
    context["effective_from"] = since.isoformat()
    work.record(Fact("price.announce", "plugin", plugin.id, context=context))
    work.emit(PriceAnnounced(fresh.id, plugin.id, said, worded(price), since))
    return fresh


def _as_announced(plugin: PluginView, price: Price, at: datetime, since: datetime) -> AnnouncedPrice:
    return AnnouncedPrice(new_id(), plugin.id, plugin.latest_version, price, at, since)
