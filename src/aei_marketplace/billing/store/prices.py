"""Every query about prices."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from aei_marketplace.billing.models.prices import plugin_prices
from aei_marketplace.billing.rules.prices import AnnouncedPrice, Model, Price
from aei_marketplace.ground.work import Work

_UNPRICED = text(
    "select id from unnest(:ids) id where not exists (select from plugin_prices where plugin_id = id)"
    " order by id limit :most"
).bindparams(bindparam("ids", type_=ARRAY(TEXT)))


async def prices_of(work: Work, plugin_ids: Iterable[str]) -> dict[str, list[AnnouncedPrice]]:
    """Every price that was announced for plugins, the oldest first; plugins without one are left out."""
    wanted = plugin_prices.c.plugin_id.in_(list(plugin_ids))
    query = select(plugin_prices).where(wanted).order_by(plugin_prices.c.announced_at, plugin_prices.c.id)
    found: dict[str, list[AnnouncedPrice]] = {}
    for row in await work.run(query):
        found.setdefault(row.plugin_id, []).append(announced(row))
    return found


async def add_price(work: Work, each: AnnouncedPrice) -> None:
    """Keep a price for good."""
    price = each.price
    values = {
        "id": each.id,
        "plugin_id": each.plugin_id,
        "version": each.version,
        "announced_at": each.announced_at,
        "effective_from": each.effective_from,
    }
    await work.run(insert(plugin_prices).values(**values, **columns(price)))


async def hold_plugin(work: Work, plugin_id: str) -> None:
    """Keep others from announcing a price for the plugin until this work ends."""
    await work.run(select(func.pg_advisory_xact_lock(func.hashtextextended(f"price:{plugin_id}", 0))))


async def without_price(work: Work, plugin_ids: list[str], most: int) -> list[str]:
    """Those of these plugins for which no price was ever announced."""
    return list((await work.run(_UNPRICED, {"ids": plugin_ids, "most": most})).scalars())


def columns(price: Price) -> dict[str, Any]:
    """A price as a row holds it."""
    return {
        "model": price.model,
        "currency": price.currency,
        "amount_minor": price.amount_minor,
        "per": price.per,
        "unit_micros": price.unit_micros if price.model is Model.USAGE else None,
        "trial": price.trial,
    }


def read(row: Row[Any]) -> Price:
    """The price that a row holds."""
    return Price(Model(row.model), row.currency, row.amount_minor, row.per, row.trial)


def announced(row: Row[Any]) -> AnnouncedPrice:
    """A price with its dates."""
    identity: UUID = row.id
    since: datetime = row.effective_from
    return AnnouncedPrice(identity, row.plugin_id, row.version, read(row), row.announced_at, since)
