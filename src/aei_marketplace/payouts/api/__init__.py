"""Routes of statements and payouts."""

from fastapi import APIRouter

from aei_marketplace.payouts.api import payouts, running, statements

router = APIRouter()
# `/api/payouts/policy` comes before `/api/payouts/{payout_id}`.
for _part in (statements, running, payouts):
    router.include_router(_part.router)

__all__ = ["router"]
