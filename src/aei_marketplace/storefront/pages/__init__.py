"""Pages of the storefront."""

from fastapi import APIRouter

from aei_marketplace.storefront.pages import listing, marketplace, reporting

MARKETPLACE = marketplace.MARKETPLACE

router = APIRouter(include_in_schema=False)
for _part in (marketplace, reporting, listing):
    router.include_router(_part.router)

__all__ = ["MARKETPLACE", "router"]
