"""Whom a change in the catalogue concerns; for named jobs, which see all tenants."""

from uuid import UUID

from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.views import Installation


async def installations_of(work: Work, release_id: UUID) -> list[Installation]:
    """The live installations of a release."""
    return await store.find_of_release(work, release_id)


async def tenants_with(work: Work, plugin_id: str) -> list[UUID]:
    """The tenants that have a plugin installed."""
    return await store.find_tenants(work, plugin_id)
