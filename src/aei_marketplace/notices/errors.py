"""Refusals of the notices."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound, Refusal


class NoSuchNotice(NotFound):
    """There is no such notice for the caller."""

    type = "no-such-notice"
    title = "No such notice"
    advice = "GET /api/notices lists yours."


class PreferencesUnfit(Invalid):
    """A choice that cannot be made."""

    type = "notice-preferences-unfit"
    title = "The preferences cannot be kept"
    advice = "GET /api/notices/preferences says what can be chosen."


class NoSuchWebhook(NotFound):
    """The tenant, or the operator, has no such webhook."""

    type = "no-such-webhook"
    title = "No such webhook"
    advice = "GET /api/webhooks lists them."


class WebhookUnfit(Invalid):
    """The webhook cannot be kept as it was sent."""

    type = "webhook-unfit"
    title = "The webhook cannot be kept"


class TooManyWebhooks(Conflict):
    """As many are kept as may be kept."""

    type = "too-many-webhooks"
    title = "No room for another webhook"
    advice = "Delete one first."


class WebhookStale(Refusal):
    """The webhook is not what the caller last saw."""

    status = 412
    type = "webhook-changed"
    title = "It has changed meanwhile"
    advice = "Read the webhook again and decide anew."
