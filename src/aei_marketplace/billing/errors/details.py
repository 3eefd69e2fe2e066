"""Refusals about who sells, who buys, and the tax between them."""

from aei_marketplace.ground.errors import Conflict, Invalid, Refusal


class DetailsUnfit(Invalid):
    """Billing details cannot stand on an invoice."""

    type = "billing-details-unfit"
    title = "The billing details have problems"


class DetailsMissing(Conflict):
    """Nobody has said whom to bill."""

    type = "billing-details-missing"
    title = "Billing details are missing"
    advice = "An Admin of your tenant fills them in under Admin, Billing, or with PUT /api/billing/details."


class DetailsStale(Refusal):
    """The billing details are not what the caller last saw."""

    status = 412
    type = "billing-details-changed"
    title = "They have changed meanwhile"
    advice = "Read them again and decide anew."


class SellerMissing(Conflict):
    """The operator has not said who sells."""

    type = "seller-missing"
    title = "This marketplace cannot sell yet"
    advice = "The operator states who sells under Admin, Invoices, or with PUT /api/billing/seller."


class TaxRateMissing(Conflict):
    """The operator has not decided about a tax."""

    type = "tax-rate-missing"
    title = "The tax is not decided"
    advice = (
        "The operator adds a rate under Admin, Invoices, Tax, or with POST /api/billing/tax-rates; 0 is one."
    )


class TaxRateUnfit(Invalid):
    """It is no rate, or would change what was invoiced."""

    type = "tax-rate-unfit"
    title = "The tax rate cannot be kept"
