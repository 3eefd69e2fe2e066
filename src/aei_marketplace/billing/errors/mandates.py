"""Refusals about charging renewals to a method that is kept."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound


class MandateUnfit(Invalid):
    """What was agreed to is not what is asked for."""

    type = "mandate-unfit"
    title = "It was not agreed to"
    advice = "Read GET /api/billing/mandate, and send the `terms` that stand there."


class NoSuchMandate(NotFound):
    """No method is kept for the tenant."""

    type = "no-such-mandate"
    title = "No method is kept"


class ChargeUnderWay(Conflict):
    """The kept method is being charged for the invoice, or a bank has not answered yet."""

    type = "charge-under-way"
    title = "It is being charged"
    advice = "Wait until the provider has told what became of it: paying beside it would pay twice."


class ConsentUnfit(Conflict):
    """The price that somebody agrees to is not one that the purchase has, or will have."""

    type = "price-consent-unfit"
    title = "The purchase does not have that price"
    advice = "Read the purchase again, and agree to the price that stands there."
