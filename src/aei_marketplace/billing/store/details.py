"""Every query about sellers, billing details and tax."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.billing.models.details import details, sellers, tax_categories, tax_rates
from aei_marketplace.ground.work import Work


async def find_seller(work: Work) -> Row[Any] | None:
    """Who sells now."""
    return (await work.run(select(sellers).order_by(sellers.c.id.desc()).limit(1))).first()


async def add_seller(work: Work, values: Mapping[str, Any]) -> None:
    """State anew who sells."""
    await work.run(insert(sellers).values(**values))


async def find_details(work: Work, tenant: UUID, *, for_update: bool = False) -> Row[Any] | None:
    """Whom to bill for a tenant; held until the commit for whoever compares it first."""
    query = select(details).where(details.c.tenant_id == tenant)
    return (await work.run(query.with_for_update() if for_update else query)).first()


async def put_details(work: Work, tenant: UUID, values: Mapping[str, Any]) -> None:
    """Write whom to bill."""
    new = upsert(details).values(tenant_id=tenant, version=1, **values)
    changed = {**values, "version": details.c.version + 1}
    await work.run(new.on_conflict_do_update(index_elements=["tenant_id"], set_=changed))


async def list_rates(work: Work, countries: Iterable[str] | None = None) -> Sequence[Row[Any]]:
    """Tax rates in the order in which they were recorded; those of some countries, or all."""
    query = select(tax_rates).order_by(tax_rates.c.id)
    if countries is not None:
        query = query.where(tax_rates.c.country.in_(list(countries)))
    return (await work.run(query)).all()


async def add_rate(work: Work, values: Mapping[str, Any]) -> None:
    """Record a tax rate."""
    await work.run(insert(tax_rates).values(**values))


async def categories_of(work: Work, plugins: Iterable[str]) -> dict[str, str]:
    """The tax categories that were recorded last, by plugin."""
    query = (
        select(tax_categories.c.plugin_id, tax_categories.c.category)
        .where(tax_categories.c.plugin_id.in_(list(plugins)))
        .order_by(tax_categories.c.id)
    )
    return {row.plugin_id: row.category for row in await work.run(query)}


async def add_category(work: Work, values: Mapping[str, Any]) -> None:
    """Record a plugin's tax category."""
    await work.run(insert(tax_categories).values(**values))
