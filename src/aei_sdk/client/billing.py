"""What plugins cost, what the tenant has bought, and what its runs have come to."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Charge, CountedRun, Offer, Page, Purchase


class Billing:
    """Look at prices, buy, end what was bought, and read the receipts of usage."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def offer(self, plugin_id: str) -> Offer:
        """What a plugin costs now and later, and what the tenant holds of it."""
        offer: Offer = await self._transport.get(f"/api/billing/offers/{quote(plugin_id, safe='')}")
        return offer

    async def buy(self, plugin_id: str, offer: Offer) -> Purchase:
        """Buy a plugin at the price of an offer; the marketplace refuses when it has another one by now."""
        body = {"plugin": plugin_id, **{name: offer.get(name) for name in ("model", "price", "per")}}
        bought: Purchase = await self._transport.post("/api/billing/purchases", body)
        return bought

    async def purchases(self, *, cursor: str | None = None) -> Page[Purchase]:
        """The tenant's purchases, the newest first."""
        page: Page[Purchase] = await self._transport.get("/api/billing/purchases", {"cursor": cursor})
        return page

    async def cancel(self, purchase_id: str) -> Purchase:
        """End a subscription with its period, or pay for no further usage."""
        ended: Purchase = await self._transport.post(f"{_purchase(purchase_id)}/cancel", None)
        return ended

    async def resume(self, purchase_id: str) -> Purchase:
        """Take a cancellation back."""
        resumed: Purchase = await self._transport.post(f"{_purchase(purchase_id)}/resume", None)
        return resumed

    async def charges(self, plugin_id: str, period: str) -> list[Charge]:
        """What counts the runs of a plugin in a month (`2026-11`); nothing before it is charged."""
        query = {"plugin": plugin_id, "period": period, "limit": 1}
        answer = await self._transport.get("/api/billing/usage", query)
        charges: list[Charge] = answer["charges"]
        return charges

    async def usage(self, plugin_id: str, period: str) -> AsyncIterator[CountedRun]:
        """The counted runs of a plugin in a month, in the order of their ids."""
        cursor: str | None = None
        while True:
            query = {"plugin": plugin_id, "period": period, "limit": 200, "cursor": cursor}
            page = await self._transport.get("/api/billing/usage", query)
            for run in page["items"]:
                yield run
            cursor = page["next_cursor"]
            if cursor is None:
                return


def _purchase(purchase_id: str) -> str:
    return f"/api/billing/purchases/{quote(purchase_id, safe='')}"
