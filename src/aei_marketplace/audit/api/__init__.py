"""Routes of the audit log."""

from fastapi import APIRouter

from aei_marketplace.audit.api import proofs, searching

router = APIRouter()
for _part in (searching, proofs):
    router.include_router(_part.router)
