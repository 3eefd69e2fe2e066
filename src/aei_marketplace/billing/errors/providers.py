"""Refusals about collecting, returning and what providers tell."""

from aei_marketplace.ground.errors import Conflict, NotFound, TooLarge


class PaidByTransfer(Conflict):
    """Nobody collects here: the buyer transfers the money."""

    type = "paid-by-transfer"
    title = "This invoice is paid by bank transfer"
    advice = "Transfer what is owed with the invoice's number as reference; staff mark it as paid."


class NoSuchProvider(NotFound):
    """The marketplace does not listen to this provider."""

    type = "no-such-billing-provider"
    title = "No such provider"
    advice = "The operator chooses it with AEI_BILLING_PROVIDER."


class NoSuchRefund(NotFound):
    """There is no such refund."""

    type = "no-such-refund"
    title = "No such refund"


class WebhookTooLarge(TooLarge):
    """More was sent than any event has."""

    type = "webhook-too-large"
    advice = "Nothing was read of it."
