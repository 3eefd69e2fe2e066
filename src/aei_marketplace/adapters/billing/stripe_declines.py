"""Why Stripe says that a bank declined, and whether asking again may help.

Source of the codes: https://docs.stripe.com/declines/codes. Final are those after which Stripe itself asks no
more (https://docs.stripe.com/billing/revenue-recovery/smart-retries), and those by which a card is of no use.
"""

_FINAL = frozenset(
    {
        "authentication_required",
        "card_not_supported",
        "currency_not_supported",
        "expired_card",
        "highest_risk_level",
        "incorrect_number",
        "invalid_account",
        "invalid_expiry_month",
        "invalid_expiry_year",
        "lost_card",
        "new_account_information_available",
        "payment_intent_authentication_failure",
        "pickup_card",
        "restricted_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "transaction_not_allowed",
    }
)


def is_final(code: str) -> bool:
    """Whether the method pays no more before its owner does something."""
    return code in _FINAL
