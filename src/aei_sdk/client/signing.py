"""Keys that sign packages, and the signatures of releases."""

from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Page, ReleaseSignature, SigningKey


class Signing:
    """The publisher's keys, and what others signed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def add_key(self, name: str, public_key: str) -> SigningKey:
        """Register a public key (PEM)."""
        key: SigningKey = await self._transport.post(
            "/api/signing-keys", {"name": name, "public_key": public_key}
        )
        return key

    async def keys(self) -> Page[SigningKey]:
        """The publisher's keys, the newest first."""
        page: Page[SigningKey] = await self._transport.get("/api/signing-keys")
        return page

    async def revoke_key(self, key_id: str) -> None:
        """Have a key sign nothing new."""
        await self._transport.delete(f"/api/signing-keys/{quote(key_id, safe='')}")

    async def require(self, required: bool) -> None:
        """Decide whether every new release must be signed."""
        await self._transport.put("/api/signing-policy", {"required": required})

    async def of_release(self, plugin_id: str, version: str) -> ReleaseSignature:
        """A release's envelope and the key that made it."""
        place = f"{quote(plugin_id, safe='')}/versions/{quote(version, safe='')}"
        signature: ReleaseSignature = await self._transport.get(f"/api/plugins/{place}/signature")
        return signature
