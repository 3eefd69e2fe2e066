"""Pages of publishers: their plugins, releases and what they may use."""

from fastapi import APIRouter

from aei_marketplace.catalog.pages import kill_list, publishing, releases
from aei_marketplace.catalog.pages.words import PUBLISHER, seen_by

router = APIRouter(include_in_schema=False)
for _part in (publishing, kill_list, releases):
    router.include_router(_part.router)

__all__ = ["PUBLISHER", "router", "seen_by"]
