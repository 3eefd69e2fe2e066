"""Pages of certification."""

from fastapi import APIRouter

from aei_marketplace.certification.pages import requests, vulnerabilities
from aei_marketplace.certification.pages.requests import CERTIFICATION, seen_by, show_case

router = APIRouter(include_in_schema=False)
for _part in (vulnerabilities, requests):
    router.include_router(_part.router)

__all__ = ["CERTIFICATION", "router", "seen_by", "show_case"]
