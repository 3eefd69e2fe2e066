"""Refusals about purchases, and the one that asks for a purchase."""

from aei_marketplace.ground.errors import Conflict, NotFound, Refusal


class PaymentRequired(Refusal):
    """The tenant may not use the plugin before it is bought, or paid."""

    status = 402
    type = "payment-required"
    title = "It has to be paid for"
    advice = "Whoever holds spend.administer in your tenant buys it with POST /api/billing/purchases."


class NoSuchPurchase(NotFound):
    """There is no such purchase, or it is another tenant's."""

    type = "no-such-purchase"
    title = "No such purchase"
    advice = "GET /api/billing/purchases lists yours."


class PurchaseStateRefused(Conflict):
    """In its present state a purchase does not take this step."""

    type = "purchase-state"
    title = "The purchase does not take this step"
