"""Pages of certification."""

from fastapi import APIRouter

from aei_marketplace.certification.pages import policies, requests, vulnerabilities, waivers
from aei_marketplace.certification.pages.places import CERTIFICATION
from aei_marketplace.certification.pages.requests import seen_by, show_case

router = APIRouter(include_in_schema=False)
for _part in (vulnerabilities, policies, waivers, requests):
    router.include_router(_part.router)

__all__ = ["CERTIFICATION", "router", "seen_by", "show_case"]
