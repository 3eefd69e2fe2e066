"""Routes of billing."""

from fastapi import APIRouter

from aei_marketplace.billing.api import (
    details,
    invoices,
    mandates,
    purchases,
    reconciliation,
    usage,
    webhooks,
)

router = APIRouter()
for _part in (details, invoices, mandates, purchases, usage, reconciliation, webhooks):
    router.include_router(_part.router)
