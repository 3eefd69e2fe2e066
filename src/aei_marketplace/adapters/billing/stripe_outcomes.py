"""What Stripe's own records say of a payment whose webhook has not come.

Source of the states: https://docs.stripe.com/payments/paymentintents/lifecycle.
"""

from typing import Any
from uuid import UUID

from aei_marketplace.adapters.billing.stripe_amounts import from_stripe
from aei_marketplace.adapters.billing.stripe_declines import is_final
from aei_marketplace.ground.ports.billing import PaymentFailed, PaymentSeen


def outcome(intent: Any, payment_id: UUID) -> PaymentSeen | PaymentFailed | None:
    """What became of a payment; None while the bank, or its owner, may still answer.

    Args:
        intent: a PaymentIntent of Stripe's library.
        payment_id: our name of the attempt.
    """
    if intent.status == "succeeded":
        currency = intent.currency.upper()
        return PaymentSeen(intent.id, payment_id, from_stripe(intent.amount_received, currency), currency)
    if intent.status in ("requires_payment_method", "canceled"):
        error = getattr(intent, "last_payment_error", None)
        code = getattr(error, "decline_code", None) or getattr(error, "code", None) or "no reason given"
        return PaymentFailed(intent.id, payment_id, code[:100], is_final(code))
    return None


def page_outcome(session: Any, payment_id: UUID) -> PaymentSeen | PaymentFailed | None:
    """What became of a page; None while it is open, or a payment on it is under way.

    Args:
        session: a Checkout session of Stripe's library, with its PaymentIntent.
        payment_id: our name of the attempt.
    """
    if session.status == "expired":
        return PaymentFailed(session.id, payment_id, "the page has ended", final=False)
    if session.status == "open" or session.payment_intent is None:
        return None
    return outcome(session.payment_intent, payment_id)
