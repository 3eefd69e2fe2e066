"""Routes of the catalogue."""

from fastapi import APIRouter

from aei_marketplace.catalog.api import publishing, reading, release_log, states

router = APIRouter(tags=["catalogue"])
for _part in (publishing, reading, release_log, states):
    router.include_router(_part.router)
