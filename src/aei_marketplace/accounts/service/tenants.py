"""Tenants, and the policies that each sets for itself."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import NoSuchTenant, SlugTaken
from aei_marketplace.accounts.store import tenants as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.paging import Page, PageWanted, as_text
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class TenantName:
    """What a tenant is called: its short name for good, and the one that people read."""

    slug: str
    name: str


async def create_tenant(work: Work, slug: str, name: str) -> UUID:
    """Create a tenant.

    Raises:
        SlugTaken: there is one of that short name.
    """
    work.actor.require("tenant.administer")
    tenant_id = new_id()
    if not await store.add_tenant(work, tenant_id, rules.check_slug(slug), name):
        raise SlugTaken(f"A tenant named {slug} exists.")
    work.record(Fact("tenant.create", "tenant", str(tenant_id), context={"slug": slug}))
    return tenant_id


async def find_tenant(work: Work, slug: str) -> UUID:
    """A tenant's id by its short name.

    Raises:
        NoSuchTenant: there is none that the actor may see.
    """
    row = await store.find_tenant(work, slug)
    if row is None:
        raise NoSuchTenant(f"There is no tenant {slug[:60]}.")
    found: UUID = row.id
    return found


async def tenant_names(work: Work, tenants: Collection[UUID]) -> dict[UUID, TenantName]:
    """What tenants are called, of those that the actor may see."""
    found = await store.slugs_of(work, tenants)
    return {id: TenantName(slug, name) for id, (slug, name) in found.items()}


async def list_tenants(work: Work) -> list[dict[str, Any]]:
    """All tenants, for staff."""
    work.actor.require("tenant.administer")
    rows = await store.list_tenants(work)
    return [
        {"id": r.id, "slug": r.slug, "name": r.name, "created_at": r.created_at, "closed_at": r.closed_at}
        for r in rows
    ]


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant as staff see it.

    Attributes:
        closed_at: since when nobody acts in it; None while it is open.
        members: how many people and services belong to it.
    """

    id: UUID
    slug: str
    name: str
    created_at: datetime
    closed_at: datetime | None
    members: int


async def search_tenants(work: Work, text: str, wanted: PageWanted) -> Page:
    """Tenants whose short name or name has a text, by short name.

    Raises:
        NotAllowed: the actor does not administer tenants.
        Invalid: the cursor is of another list.
    """
    work.actor.require("tenant.administer")
    after = wanted.position(lambda said: rules.check_slug(as_text(said)))
    rows = await store.find_tenants(work, text, after, wanted.limit)
    page = wanted.page(rows, await store.count_tenants(work, text), lambda row: row.slug)
    return replace(page, items=[TenantRow(**row._mapping) for row in page.items])


async def find_policies(work: Work, *, hold: bool = False) -> dict[str, Any]:
    """The policies of the actor's tenant, for who administers them.

    Args:
        hold: nobody else changes them until this work ends.
    """
    work.actor.require("policy.administer")
    found: dict[str, Any] = await store.find_policies(work, work.actor.in_tenant(), hold=hold)
    return found


async def policies_in_force(work: Work) -> dict[str, Any]:
    """The policies of the actor's tenant, for what has to obey them."""
    found: dict[str, Any] = await store.find_policies(work, work.actor.in_tenant(), hold=False)
    return found


async def save_policies(work: Work, policies: dict[str, Any]) -> None:
    """Replace the policies of the actor's tenant; the caller has checked them."""
    work.actor.require("policy.administer")
    tenant_id = work.actor.in_tenant()
    await store.save_policies(work, tenant_id, policies)
    work.record(Fact("policy.change", "tenant", str(tenant_id), context={"policies": policies}))
