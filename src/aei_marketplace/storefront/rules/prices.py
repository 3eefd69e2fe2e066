"""What a plugin costs, in a few words."""

from collections.abc import Mapping
from typing import Any

from aei_marketplace.web.shell.formats import money

FREE = "Free"
_PER = {
    "month": "a month",
    "year": "a year",
    "execution": "a run",
    "1k_executions": "per 1,000 runs",
}


def price_of(document: Mapping[str, Any]) -> str:
    """The price of a manifest: `Free`, `USD 5.00`, `USD 9.00 a month`."""
    pricing = document.get("pricing", {"model": "free"})
    if pricing["model"] == "free":
        return FREE
    amount = money(pricing["amount_minor"], pricing["currency"])
    return amount if pricing["model"] == "one_time" else f"{amount} {_PER[pricing['per']]}"
