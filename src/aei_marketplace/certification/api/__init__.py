"""The routes of certification: fixed words stand before the ids that would swallow them."""

from fastapi import APIRouter

from aei_marketplace.certification.api import evidence, package_advisories, policies, requests

router = APIRouter(prefix="/api", tags=["certification"])
for part in (policies, evidence, package_advisories, requests):
    router.include_router(part.router)
