"""Pages: a creator's revenue and statements, and what finance staff do with payouts."""

from fastapi import APIRouter

from aei_marketplace.payouts.pages import deciding, overview, policy, revenue, statements
from aei_marketplace.payouts.pages.words import PAYOUTS, REVENUE, administered_by, seen_by

router = APIRouter(include_in_schema=False)
# `/admin/payouts/policy` comes before `/admin/payouts/{payout_id}`.
for _part in (
    revenue.router,
    statements.router,
    overview.router,
    overview.uploads,
    policy.router,
    deciding.router,
):
    router.include_router(_part)

__all__ = ["PAYOUTS", "REVENUE", "administered_by", "router", "seen_by"]
