"""Pages of the audit log: a tenant's part of it for its Admins, the whole of it for staff."""

from fastapi import APIRouter

from aei_marketplace.audit.pages import entries, searching

router = APIRouter(include_in_schema=False)
for _part in (searching, entries):
    router.include_router(_part.router)
