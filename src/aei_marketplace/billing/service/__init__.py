"""What can be done with offers, purchases, invoices and what providers tell."""

from aei_marketplace.billing.rules.access import Entitlement
from aei_marketplace.billing.rules.offers import Offer
from aei_marketplace.billing.service.entitlements import entitlement_for, entitlements_of
from aei_marketplace.billing.service.offers import find_offer, offer_of
from aei_marketplace.billing.service.purchases import purchase
from aei_marketplace.billing.store.purchases import buyers_of

__all__ = [
    "Entitlement",
    "Offer",
    "buyers_of",
    "entitlement_for",
    "entitlements_of",
    "find_offer",
    "offer_of",
    "purchase",
]
