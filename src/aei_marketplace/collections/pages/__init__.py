"""Pages: the way from a section to a listing; for curators, the collections themselves."""

from fastapi import APIRouter

from aei_marketplace.collections.pages import changing, clicks, overview, showing
from aei_marketplace.collections.pages.overview import COLLECTIONS, seen_by

__all__ = ["COLLECTIONS", "router", "seen_by"]

router = APIRouter(include_in_schema=False)
for _part in (clicks, overview, showing, changing):
    router.include_router(_part.router)
