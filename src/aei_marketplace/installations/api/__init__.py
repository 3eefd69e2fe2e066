"""Routes of installations and of the tenant's policies."""

from fastapi import APIRouter

from aei_marketplace.installations.api import advisories, installations, policies

router = APIRouter()
for _part in (advisories, installations, policies):
    router.include_router(_part.router)
