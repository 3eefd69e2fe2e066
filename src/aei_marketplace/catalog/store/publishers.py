"""Publishers, the namespaces they own, and the tenants that a private plugin names."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import namespaces, plugin_audiences, publishers
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work

_TENANTS = text("select * from catalog_tenants_by_slug(:slugs)")


async def tenants_by_slug(work: Work, slugs: Iterable[str]) -> dict[str, Row[Any]]:
    """The tenants (id, slug, name) that these short names stand for."""
    rows = (await work.run(_TENANTS, {"slugs": list(slugs)})).all()
    return {row.slug: row for row in rows}


async def find_publisher(work: Work, tenant: UUID) -> UUID | None:
    """A tenant's publisher."""
    wanted = select(publishers.c.id).where(publishers.c.tenant_id == tenant)
    return (await work.run(wanted)).scalar()


async def add_publisher(work: Work, tenant: UUID, name: str) -> bool:
    """Make the tenant a publisher; False when it is one."""
    values = {"id": new_id(), "tenant_id": tenant, "name": name, "created_at": work.now}
    done = await work.run(insert(publishers).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def add_namespace(work: Work, name: str, publisher_id: UUID) -> bool:
    """Claim a namespace; False when somebody has it."""
    values = {"name": name, "publisher_id": publisher_id, "created_at": work.now}
    done = await work.run(insert(namespaces).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def namespace_owner(work: Work, name: str) -> UUID | None:
    """The publisher of a namespace; None when nobody has it, or nobody that the actor may know of."""
    return (await work.run(select(namespaces.c.publisher_id).where(namespaces.c.name == name))).scalar()


async def hold_namespace(work: Work, name: str, publisher_id: UUID) -> bool:
    """Have a namespace stay the publisher's until the work ends; False when it is not any more."""
    held = select(namespaces.c.name).where(
        namespaces.c.name == name, namespaces.c.publisher_id == publisher_id
    )
    return (await work.run(held.with_for_update(read=True))).first() is not None


async def replace_audience(work: Work, plugin_id: str, tenants: Iterable[UUID]) -> None:
    """Name exactly these tenants."""
    await work.run(delete(plugin_audiences).where(plugin_audiences.c.plugin_id == plugin_id))
    owner = work.actor.in_tenant()
    rows = [{"plugin_id": plugin_id, "tenant_id": t, "owner_tenant": owner} for t in tenants]
    if rows:
        await work.run(insert(plugin_audiences), rows)
