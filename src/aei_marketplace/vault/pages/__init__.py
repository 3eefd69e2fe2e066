"""Pages of the vault: secrets, and model endpoints beside them."""

from fastapi import APIRouter

from aei_marketplace.vault.pages import models, secrets

router = APIRouter(include_in_schema=False)
for _part in (secrets, models):
    router.include_router(_part.router)
