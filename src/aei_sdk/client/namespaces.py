"""Namespaces: who belongs to them, and how they change hands."""

from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Namespace, NamespaceMember, Page, Transfer


class Namespaces:
    """The namespaces of your tenant."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self) -> Page[Namespace]:
        """Your tenant's namespaces, by name."""
        page: Page[Namespace] = await self._transport.get("/api/namespaces")
        return page

    async def claim(self, name: str) -> None:
        """Claim a namespace ahead of its first release."""
        await self._transport.post("/api/namespaces", {"name": name})

    async def find(self, name: str) -> Namespace:
        """One of them."""
        namespace: Namespace = await self._transport.get(_place(name))
        return namespace

    async def members(self, name: str) -> Page[NamespaceMember]:
        """Who belongs to a namespace, the longest first."""
        page: Page[NamespaceMember] = await self._transport.get(f"{_place(name)}/members")
        return page

    async def add_member(self, name: str, who: str, role: str) -> None:
        """Name a member of your tenant in a namespace, or change their role.

        Args:
            who: an e-mail address, or a user's id.
            role: `owner` or `maintainer`.
        """
        named = "email" if "@" in who else "user_id"
        await self._transport.post(f"{_place(name)}/members", {named: who, "role": role})

    async def remove_member(self, name: str, user_id: str) -> None:
        """Take somebody out of a namespace, or leave it."""
        await self._transport.delete(f"{_place(name)}/members/{quote(user_id, safe='')}")

    async def open(self, name: str) -> None:
        """Give a namespace back to all who publish for your tenant."""
        await self._transport.delete(f"{_place(name)}/members")

    async def transfers(self) -> Page[Transfer]:
        """Offers of namespaces from and to your tenant, the newest first."""
        page: Page[Transfer] = await self._transport.get("/api/namespace-transfers")
        return page

    async def offer(self, name: str, to: str) -> Transfer:
        """Offer a namespace with all its plugins to another tenant, by its short name."""
        transfer: Transfer = await self._transport.post(f"{_place(name)}/transfer", {"to": to})
        return transfer

    async def accept(self, name: str) -> Transfer:
        """Take over a namespace that is offered to your tenant."""
        transfer: Transfer = await self._transport.post(f"{_place(name)}/transfer/accept", {})
        return transfer

    async def end_offer(self, name: str) -> None:
        """Take an offer back, or decline one that is made to your tenant."""
        await self._transport.delete(f"{_place(name)}/transfer")


def _place(name: str) -> str:
    return f"/api/namespaces/{quote(name, safe='')}"
