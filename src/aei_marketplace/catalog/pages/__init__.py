"""Pages of publishers: their plugins, releases and what they may use."""

from fastapi import APIRouter

from aei_marketplace.catalog.pages import domains, kill_list, names, namespaces, publishing, releases
from aei_marketplace.catalog.pages.log_state import find_log_state
from aei_marketplace.catalog.pages.words import PUBLISHER, seen_by

router = APIRouter(include_in_schema=False)
# Plugins last: their addresses would take in `/publisher/namespaces`.
for _part in (publishing, kill_list, names, namespaces, domains, releases):
    router.include_router(_part.router)

__all__ = ["PUBLISHER", "find_log_state", "router", "seen_by"]
