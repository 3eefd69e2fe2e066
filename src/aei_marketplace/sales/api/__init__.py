"""Routes of sales."""

from fastapi import APIRouter

from aei_marketplace.sales.api import shares, unbooked

router = APIRouter()
for _part in (shares, unbooked):
    router.include_router(_part.router)
