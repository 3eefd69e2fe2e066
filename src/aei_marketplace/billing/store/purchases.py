"""Every query about purchases, and who pays on account."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.billing.models.prices import plugin_prices
from aei_marketplace.billing.models.purchases import buyer_accounts, purchase_charges, purchases
from aei_marketplace.billing.rules.purchases import Purchase, PurchaseState
from aei_marketplace.billing.store import charges, prices
from aei_marketplace.ground.work import Work

_COLUMNS = tuple(field.name for field in fields(Purchase) if field.name != "price")
_LIVE = purchases.c.ended_at.is_(None)


async def add(work: Work, purchase: Purchase) -> bool:
    """Keep a purchase; False when the tenant has one of the plugin that has not ended."""
    values = insert(purchases).values(**_values(purchase))
    unless = values.on_conflict_do_nothing(
        index_elements=["tenant_id", "plugin_id"], index_where=_LIVE
    ).returning(purchases.c.id)
    return (await work.run(unless)).first() is not None


async def save(work: Work, purchase: Purchase) -> None:
    """Write a purchase in the place of its last state."""
    values = {name: value for name, value in _values(purchase).items() if name not in _FIXED}
    await work.run(update(purchases).where(purchases.c.id == purchase.id).values(**values))


async def find_live(work: Work, tenant: UUID, plugin_id: str) -> Purchase | None:
    """The purchase of a plugin that has not ended."""
    found = await find_live_of(work, tenant, [plugin_id])
    return found.get(plugin_id)


async def find_live_of(work: Work, tenant: UUID, plugin_ids: Iterable[str]) -> dict[str, Purchase]:
    """The purchases of plugins that have not ended, by plugin."""
    mine = and_(purchases.c.tenant_id == tenant, purchases.c.plugin_id.in_(list(plugin_ids)), _LIVE)
    return {row.plugin_id: _purchase(row) for row in await work.run(_query().where(mine))}


async def find(work: Work, purchase_id: UUID) -> Purchase | None:
    """A purchase that the actor may see."""
    row = (await work.run(_query().where(purchases.c.id == purchase_id))).first()
    return None if row is None else _purchase(row)


async def hold(work: Work, purchase_id: UUID) -> Purchase | None:
    """The same, held until this work ends."""
    query = _query().where(purchases.c.id == purchase_id).with_for_update(of=purchases)
    row = (await work.run(query)).first()
    return None if row is None else _purchase(row)


async def was_bought(work: Work, tenant: UUID, plugin_id: str) -> bool:
    """Whether the tenant ever bought the plugin."""
    query = exists().where(purchases.c.tenant_id == tenant, purchases.c.plugin_id == plugin_id)
    return bool((await work.run(select(query))).scalar_one())


async def find_page(work: Work, tenant: UUID, after: UUID | None, limit: int) -> tuple[list[Purchase], int]:
    """A tenant's purchases, the newest first, one more than `limit` if there are more; and their number."""
    mine = purchases.c.tenant_id == tenant
    older = [] if after is None else [purchases.c.id < after]
    query = _query().where(mine, *older).order_by(purchases.c.id.desc()).limit(limit + 1)
    rows = [_purchase(row) for row in await work.run(query)]
    total = (await work.run(select(func.count()).select_from(purchases).where(mine))).scalar_one()
    return rows, int(total)


async def live_of_tenant(work: Work, tenant: UUID) -> list[UUID]:
    """The ids of a tenant's purchases that have not ended."""
    query = select(purchases.c.id).where(purchases.c.tenant_id == tenant, _LIVE).order_by(purchases.c.id)
    return list((await work.run(query)).scalars())


async def due_for_renewal(work: Work, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Purchases whose period, or trial, is over, in the order of their ids, from behind one on."""
    states = (PurchaseState.TRIAL, PurchaseState.ACTIVE, PurchaseState.CANCELLED_AT_PERIOD_END)
    over = [_LIVE, purchases.c.period_end <= work.now, purchases.c.state.in_(states)]
    if after is not None:
        over.append(purchases.c.id > after)
    query = select(purchases.c.id).where(*over).order_by(purchases.c.id).limit(limit)
    return list((await work.run(query)).scalars())


async def due_for_telling(work: Work, until: datetime, limit: int) -> Sequence[Purchase]:
    """Purchases whose year or trial ends by then, of which nobody was told; held, others' left out."""
    states = (PurchaseState.TRIAL, PurchaseState.ACTIVE)
    query = _query().where(
        _LIVE,
        purchases.c.state.in_(states),
        purchases.c.period_end > work.now,
        purchases.c.period_end <= until,
        purchases.c.told_of.is_distinct_from(purchases.c.period_end),
        (plugin_prices.c.per == "year") | (purchases.c.state == PurchaseState.TRIAL),
    )
    held = query.order_by(purchases.c.id).limit(limit).with_for_update(of=purchases, skip_locked=True)
    return [_purchase(row) for row in await work.run(held)]


async def set_told(work: Work, purchase: Purchase) -> None:
    """Note that the buyer was told of the end of the present period."""
    one = update(purchases).where(purchases.c.id == purchase.id)
    await work.run(one.values(told_of=purchase.period_end))


async def due_for_suspension(work: Work, limit: int) -> Sequence[UUID]:
    """Active purchases whose access is over because something is owed."""
    unpaid = exists().where(
        purchase_charges.c.tenant_id == purchases.c.tenant_id,
        purchase_charges.c.plugin_id == purchases.c.plugin_id,
        charges.is_owed(),
    )
    over = and_(
        _LIVE, purchases.c.state == PurchaseState.ACTIVE, purchases.c.access_until <= work.now, unpaid
    )
    query = select(purchases.c.id).where(over).order_by(purchases.c.id).limit(limit)
    return list((await work.run(query)).scalars())


async def buyers_of(work: Work, plugin_id: str) -> list[UUID]:
    """The tenants that have bought a plugin and still have it."""
    query = select(purchases.c.tenant_id).where(purchases.c.plugin_id == plugin_id, _LIVE)
    return list((await work.run(query.order_by(purchases.c.tenant_id))).scalars())


async def is_on_account(work: Work, tenant: UUID) -> bool:
    """Whether the tenant pays by invoice and has access at once."""
    query = select(buyer_accounts.c.on_account).where(buyer_accounts.c.tenant_id == tenant)
    return bool((await work.run(query)).scalar_one_or_none())


async def set_on_account(work: Work, tenant: UUID, on_account: bool, by: UUID) -> None:
    """Decide whether it does."""
    values = {"on_account": on_account, "changed_by": by, "changed_at": work.now}
    new = insert(buyer_accounts).values(tenant_id=tenant, **values)
    await work.run(new.on_conflict_do_update(index_elements=["tenant_id"], set_=values))


#: What never changes of a purchase.
_FIXED = frozenset({"id", "tenant_id", "plugin_id", "creator", "bought_by", "bought_at"})


def _query() -> Select[Any]:
    price = [c for c in plugin_prices.c if c.name in ("model", "currency", "amount_minor", "per", "trial")]
    return select(purchases, *price).join(plugin_prices, plugin_prices.c.id == purchases.c.price_id)


def _values(purchase: Purchase) -> dict[str, Any]:
    return {name: getattr(purchase, name) for name in _COLUMNS}


def _purchase(row: Row[Any]) -> Purchase:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return Purchase(**{**values, "state": PurchaseState(row.state)}, price=prices.read(row))
