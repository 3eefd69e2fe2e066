"""Prices, purchases and counted runs."""

from typing import Any, TypedDict


class Offer(TypedDict, total=False):
    """What a plugin costs.

    `trial` is days of a subscription, executions of usage; `next` an announced price with `effective_from`.
    """

    plugin_id: str
    model: str
    words: str
    price: dict[str, Any] | None
    per: str | None
    trial: int | None
    next: dict[str, Any] | None
    entitlement: dict[str, Any] | None


class Purchase(TypedDict, total=False):
    """What the tenant has bought."""

    id: str
    plugin_id: str
    state: str
    model: str
    words: str
    price: dict[str, Any] | None
    per: str | None
    bought_at: str
    period_end: str | None
    trial_left: int
    access_until: str | None


class Charge(TypedDict):
    """One line of an invoice."""

    key: str
    plugin_id: str
    source: str
    quantity: int
    net: dict[str, Any]
    receipt_root: str | None
    invoice_id: str


class CountedRun(TypedDict):
    """One execution under a price for usage, as it stands on the receipt; `state` stands beside it."""

    execution: str
    plugin: str
    version: str
    currency: str
    unit_micros: int
    outcome: str | None
    started_at: str
    ended_at: str | None
    usage_sha256: str | None
    state: str
