"""Pages: the way from a section to a listing; for curators, the collections themselves."""

from fastapi import APIRouter

from aei_marketplace.collections.pages import clicks

router = APIRouter(include_in_schema=False)
for _part in (clicks,):
    router.include_router(_part.router)
