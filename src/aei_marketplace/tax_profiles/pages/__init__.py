"""Pages of tax profiles: a creator's own, and those that staff review."""

from fastapi import APIRouter

from aei_marketplace.tax_profiles.pages import declaring, reviewing
from aei_marketplace.tax_profiles.pages.words import OWN, TAX

router = APIRouter(include_in_schema=False)
for _part in (declaring, reviewing):
    router.include_router(_part.router)

__all__ = ["OWN", "TAX", "router"]
