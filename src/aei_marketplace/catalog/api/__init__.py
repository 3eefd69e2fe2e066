"""Routes of the catalogue."""

from fastapi import APIRouter

from aei_marketplace.catalog.api import (
    advisories,
    badges,
    feeds,
    icons,
    kill_list,
    name_claims,
    namespaces,
    publishers,
    publishing,
    reading,
    release_log,
    removals,
    rollouts,
    signing,
    states,
    trusted_publishing,
)

router = APIRouter(tags=["catalogue"])
for _part in (
    advisories,
    kill_list,
    rollouts,
    badges,
    feeds,
    icons,
    name_claims,
    namespaces,
    publishers,
    publishing,
    reading,
    release_log,
    removals,
    signing,
    states,
    trusted_publishing,
):
    router.include_router(_part.router)
