"""Pages of certification."""

from fastapi import APIRouter

from aei_marketplace.certification.pages import vulnerabilities

router = APIRouter(include_in_schema=False)
for _part in (vulnerabilities,):
    router.include_router(_part.router)

__all__ = ["router"]
