"""Whom a change in the catalogue concerns; for named jobs, which see all tenants."""

from collections.abc import Iterable
from uuid import UUID

from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.views import Installation


async def installations_of(work: Work, release_ids: Iterable[UUID]) -> list[Installation]:
    """The live installations of these releases."""
    return await store.find_of_releases(work, release_ids)


async def tenants_with(work: Work, plugin_id: str) -> list[UUID]:
    """The tenants that have a plugin installed."""
    return await store.find_tenants(work, plugin_id)
