"""Where notices are sent to: signed requests to addresses of the tenant's own."""

from collections.abc import Sequence
from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import NewWebhook, Page, Webhook, WebhookTrial


class Webhooks:
    """Make, show, test and delete webhooks of the tenant; for staff those of the operator."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(self, name: str, url: str, kinds: Sequence[str] = ()) -> NewWebhook:
        """Make one; its secret is in this answer and nowhere afterwards.

        Args:
            kinds: of the notices that it gets; none for all.
        """
        body = {"name": name, "url": url, "kinds": list(kinds)}
        webhook: NewWebhook = await self._transport.post("/api/webhooks", body)
        return webhook

    async def list(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Webhook]:
        """Webhooks in the order of their making."""
        page: Page[Webhook] = await self._transport.get("/api/webhooks", {"limit": limit, "cursor": cursor})
        return page

    async def test(self, webhook_id: str) -> WebhookTrial:
        """Have a signed test be sent now, and hear how the other side took it."""
        trial: WebhookTrial = await self._transport.post(f"{_place(webhook_id)}/test", None)
        return trial

    async def delete(self, webhook_id: str) -> None:
        """Delete one, with its secret and its deliveries."""
        await self._transport.delete(_place(webhook_id))


def _place(webhook_id: str) -> str:
    return f"/api/webhooks/{quote(webhook_id, safe='')}"
