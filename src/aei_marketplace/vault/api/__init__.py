"""Routes of the vault."""

from fastapi import APIRouter

from aei_marketplace.vault.api import endpoints, secrets

router = APIRouter()
for _part in (secrets, endpoints):
    router.include_router(_part.router)
