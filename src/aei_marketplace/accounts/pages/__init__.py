"""Pages: sign in, own account, members and roles."""

from fastapi import APIRouter

from aei_marketplace.accounts.pages import (
    account,
    confirming,
    invitations,
    members,
    passkeys,
    recovery,
    roles,
    sessions,
    signing_in,
    staff,
    tenant,
    tenant_tokens,
    tenants,
    tokens,
)

router = APIRouter(include_in_schema=False)
for _part in (
    signing_in,
    invitations,
    recovery,
    account,
    confirming,
    passkeys,
    sessions,
    tokens,
    tenant_tokens,
    tenants,
    tenant,
    staff,
    members,
    roles,
):
    router.include_router(_part.router)
