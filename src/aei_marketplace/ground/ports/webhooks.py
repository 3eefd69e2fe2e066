"""Who tells programs elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """How the other side took a request.

    Attributes:
        status: the HTTP status; None when no answer came.
        problem: why it does not count as taken, in our words, never the other side's; None when it does.
    """

    status: int | None
    problem: str | None = None


class WebhookSender(Protocol):
    """The way to people's webhooks: public ones by https, or services that the operator named."""

    def is_internal(self, name: str, port: int) -> bool:
        """Whether the operator named this service: it needs no public address and no TLS."""
        ...

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:
        """Send one request, once; what goes wrong is told in the answer. Redirects are not followed."""
        ...


class NoWebhooks:
    """A process without any way to webhooks."""

    def is_internal(self, name: str, port: int) -> bool:  # noqa: ARG002 nothing is
        """No."""
        return False

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:  # noqa: ARG002 it goes nowhere
        """Send nothing."""
        return WebhookAnswer(None, "nothing was sent: this process has no way to webhooks")
