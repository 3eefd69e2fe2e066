"""Purchases as programs and pages see them."""

from collections.abc import Mapping
from typing import Any

from aei_marketplace.billing.rules.offers import worded
from aei_marketplace.billing.rules.purchases import Purchase


def purchase_shape(purchase: Purchase) -> Mapping[str, Any]:
    """A purchase for programs."""
    return {
        "id": purchase.id,
        "plugin_id": purchase.plugin_id,
        "state": purchase.state,
        **purchase.price.shape(),
        "words": worded(purchase.price),
        "bought_at": purchase.bought_at,
        "bought_by": purchase.bought_by,
        "period_end": purchase.period_end,
        "trial_left": purchase.trial_left,
        "access_from": purchase.access_from,
        "access_until": purchase.access_until,
        "cancelled_at": purchase.cancelled_at,
        "ended_at": purchase.ended_at,
        "ended_because": purchase.ended_because,
    }
