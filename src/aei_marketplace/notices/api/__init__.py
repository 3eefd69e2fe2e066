"""Routes of the notices."""

from fastapi import APIRouter

from aei_marketplace.notices.api import notices, secrets, webhooks

router = APIRouter()
for _part in (notices, webhooks, secrets):
    router.include_router(_part.router)
