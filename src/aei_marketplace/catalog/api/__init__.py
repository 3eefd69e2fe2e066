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
    searching,
    signing,
    states,
    trusted_publishing,
)

#: Finding is asked for most: its routes stand before those of all domains.
finding = searching.router
SEARCH_PATH, search_at_once = searching.SEARCH_PATH, searching.search_at_once
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
