"""Pages of sales, for finance staff: share agreements, and what is not booked."""

from fastapi import APIRouter

from aei_marketplace.ground.actor import Actor
from aei_marketplace.sales.pages import shares, unbooked
from aei_marketplace.sales.pages.shares import SHARES
from aei_marketplace.sales.pages.unbooked import UNBOOKED

__all__ = ["SHARES", "UNBOOKED", "administered_by", "router"]

router = APIRouter(include_in_schema=False)
router.include_router(shares.router)
router.include_router(unbooked.router)


def administered_by(actor: Actor) -> bool:
    """Whether these pages are for whoever looks."""
    return actor.staff and actor.may("revenue.administer")
