"""What a provider of payments refuses, and what is refused of it."""

from aei_marketplace.ground.errors import Refusal, Unavailable


class ProviderRefused(Unavailable):
    """The provider will not do what it was asked: asking again is of no use."""

    type = "billing-provider-refused"
    title = "The payment provider refuses"
    advice = "The reason stands beside; the operator may know more."
    retry = False


class PaymentDeclined(ProviderRefused):
    """The bank of the buyer does not pay.

    Args:
        final: asking again is of no use before the buyer does something.
    """

    type = "payment-declined"
    title = "The payment is declined"
    advice = "Pay on the provider's page, or name another method."

    def __init__(self, detail: str, *, final: bool) -> None:
        super().__init__(detail)
        self.final = final


class WebhookRefused(Refusal):
    """What claims to come from a provider is not proved to, or not to be of now."""

    type = "webhook-refused"
    title = "The webhook is refused"
    advice = "Check the endpoint's signing secret, and the clocks of both sides."
