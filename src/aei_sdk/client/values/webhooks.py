"""Webhooks."""

from typing import TypedDict


class Webhook(TypedDict):
    """Where notices are sent to; no `kinds` means all, `disabled_reason` is the marketplace's own."""

    id: str
    name: str
    url: str
    kinds: list[str]
    enabled: bool
    disabled_reason: str | None
    failing_since: str | None


class NewWebhook(Webhook):
    """A webhook that was made just now, with the secret that signs."""

    secret: str


class WebhookTrial(TypedDict):
    """How a test was taken; `status` is None without an answer."""

    delivery_id: str
    ok: bool
    status: int | None
    problem: str | None
    duration_ms: int
