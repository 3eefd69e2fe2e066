"""Pages of sales: share agreements, for finance staff."""

from fastapi import APIRouter

from aei_marketplace.ground.actor import Actor
from aei_marketplace.sales.pages import shares
from aei_marketplace.sales.pages.shares import SHARES

__all__ = ["SHARES", "administered_by", "router"]

router = APIRouter(include_in_schema=False)
router.include_router(shares.router)


def administered_by(actor: Actor) -> bool:
    """Whether share agreements are for whoever looks."""
    return actor.staff and actor.may("revenue.administer")
