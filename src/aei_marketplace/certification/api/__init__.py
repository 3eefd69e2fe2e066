"""The routes of certification."""

from fastapi import APIRouter

from aei_marketplace.web.idempotency import OnceRoute

router = APIRouter(prefix="/api", tags=["certification"], route_class=OnceRoute)
