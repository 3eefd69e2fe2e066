"""Routes of the accounts."""

from fastapi import APIRouter

from aei_marketplace.accounts.api import accounts, members, sessions, sign_in

router = APIRouter(prefix="/api")
for part in (accounts.telling, accounts.router, members.router, sign_in.router, sessions.router):
    router.include_router(part)
