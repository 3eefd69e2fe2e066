"""Refusals about prices."""

from aei_marketplace.ground.errors import Conflict, Invalid


class PriceUnfit(Invalid):
    """It is no price that the marketplace can charge."""

    type = "price-unfit"
    title = "The price cannot be charged"


class NotForSale(Conflict):
    """There is nothing to buy: it is free, one's own, or has no price that can be charged."""

    type = "not-for-sale"
    title = "There is nothing to buy"


class PriceMoved(Conflict):
    """The plugin costs something else than the buyer saw."""

    type = "price-moved"
    title = "It has another price"
    advice = "Look at the price with GET /api/billing/offers/{plugin}, and send the one that you agree to."
