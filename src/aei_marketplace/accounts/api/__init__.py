"""Routes of the accounts."""

from fastapi import APIRouter

from aei_marketplace.accounts.api import accounts, invitations, members, oidc, sessions, sign_in, staff

router = APIRouter(prefix="/api")
for part in (
    accounts.telling,
    accounts.router,
    members.router,
    staff.router,
    sign_in.router,
    oidc.router,
    invitations.router,
    sessions.router,
):
    router.include_router(part)
