"""Queries of tenants, their policies and whether they are open."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.accounts.models import memberships, tenants
from aei_marketplace.ground.work import Work

_MEMBERS = (
    select(func.count(memberships.c.user_id.distinct()))
    .where(memberships.c.tenant_id == tenants.c.id)
    .scalar_subquery()
)
_DESCRIBED = select(
    tenants.c.id,
    tenants.c.slug,
    tenants.c.name,
    tenants.c.created_at,
    tenants.c.closed_at,
    _MEMBERS.label("members"),
)


async def hold_tenant(work: Work, tenant_id: UUID) -> None:
    """Have changes of a tenant's members happen one after the other."""
    await work.run(select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update())


async def add_tenant(work: Work, tenant_id: UUID, slug: str, name: str) -> bool:
    """Create a tenant; False when the slug is taken."""
    statement = insert(tenants).values(id=tenant_id, slug=slug, name=name, policies={}, created_at=work.now)
    done = await work.run(statement.on_conflict_do_nothing(index_elements=["slug"]))
    return done.rowcount == 1


async def find_tenant(work: Work, slug: str) -> Row[Any] | None:
    """A tenant by its short name, if the actor may see it."""
    return (await work.run(select(tenants).where(tenants.c.slug == slug))).first()


async def list_tenants(work: Work) -> Sequence[Row[Any]]:
    """The tenants that the actor may see."""
    return (await work.run(select(tenants).order_by(tenants.c.slug))).all()


async def find_tenants(work: Work, text: str, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Tenants whose short name or name has this text, by short name; with members, one more than `limit`."""
    statement = _DESCRIBED.where(_named_like(text)).order_by(tenants.c.slug).limit(limit + 1)
    if after is not None:
        statement = statement.where(tenants.c.slug > after)
    return (await work.run(statement)).all()


async def describe_tenant(work: Work, tenant_id: UUID) -> Row[Any] | None:
    """A tenant as the list shows it."""
    return (await work.run(_DESCRIBED.where(tenants.c.id == tenant_id))).first()


async def hold_open(work: Work) -> Sequence[UUID]:
    """All tenants that are open; until the work ends nobody else closes one.

    Rows that point at them are written meanwhile.
    """
    open_ones = select(tenants.c.id).where(tenants.c.closed_at.is_(None)).order_by(tenants.c.id)
    return (await work.run(open_ones.with_for_update(key_share=True))).scalars().all()


async def closed_among(work: Work, ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these tenants that are closed."""
    wanted = select(tenants.c.id).where(tenants.c.id.in_(list(ids)), tenants.c.closed_at.is_not(None))
    return frozenset((await work.run(wanted)).scalars())


async def slugs_of(work: Work, ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Short names and names of tenants that the actor may see."""
    wanted = select(tenants.c.id, tenants.c.slug, tenants.c.name).where(tenants.c.id.in_(list(ids)))
    return {row.id: (row.slug, row.name) for row in await work.run(wanted)}


async def save_closed(work: Work, tenant_id: UUID, at: datetime | None) -> None:
    """Write down since when a tenant is closed; None opens it."""
    await work.run(update(tenants).where(tenants.c.id == tenant_id).values(closed_at=at))


async def count_tenants(work: Work, text: str) -> int:
    """How many tenants have this text in their short name or name."""
    statement = select(func.count()).select_from(tenants).where(_named_like(text))
    return int((await work.run(statement)).scalar_one())


def _named_like(text: str) -> ColumnElement[bool]:
    return or_(
        tenants.c.slug.icontains(text, autoescape=True), tenants.c.name.icontains(text, autoescape=True)
    )


async def find_policies(work: Work, tenant_id: UUID, *, hold: bool) -> Any:
    """A tenant's policies; with `hold` nobody else changes them until this work ends."""
    wanted = select(tenants.c.policies).where(tenants.c.id == tenant_id)
    return (await work.run(wanted.with_for_update() if hold else wanted)).scalar_one()


async def save_policies(work: Work, tenant_id: UUID, policies: dict[str, Any]) -> None:
    """Write a tenant's policies."""
    await work.run(update(tenants).where(tenants.c.id == tenant_id).values(policies=policies))
