"""Pages: sign in, own account."""

from fastapi import APIRouter

from aei_marketplace.accounts.pages import account, confirming, passkeys, sessions, signing_in, tokens

router = APIRouter(include_in_schema=False)
for _part in (signing_in, account, confirming, passkeys, sessions, tokens):
    router.include_router(_part.router)
