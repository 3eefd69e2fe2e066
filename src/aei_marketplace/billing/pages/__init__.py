"""Pages of billing."""

from fastapi import APIRouter

from aei_marketplace.billing.pages import administration, details, invoices, spend
from aei_marketplace.billing.pages.words import ALL as INVOICES
from aei_marketplace.ground.actor import Actor

SPEND, administered_by = spend.SPEND, invoices.administered_by

__all__ = ["INVOICES", "SPEND", "administered_by", "router", "seen_by"]

router = APIRouter(include_in_schema=False)
# Before the page of one invoice: `tax` and `reconciliation` are no ids.
for _part in (spend, details, administration, invoices):
    router.include_router(_part.router)


def seen_by(actor: Actor) -> bool:
    """Whether the tenant's spend is for whoever looks."""
    return actor.tenant is not None and actor.may("spend.administer")
