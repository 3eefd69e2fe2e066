"""The public log of releases."""

from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import GrowthProof, ReleaseProof


class ReleaseLog:
    """Proofs of what the marketplace published. What it answers is checked by `aei_sdk.proving`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def key(self) -> str:
        """The key that checks the log's checkpoints, as the marketplace itself says."""
        return str((await self._transport.get("/api/log/key"))["key"])

    async def proof(self, plugin_id: str, version: str) -> ReleaseProof:
        """What the log says of a release, with inclusion proofs and the checkpoint that they lead to."""
        place = f"{quote(plugin_id, safe='')}/versions/{quote(version, safe='')}"
        proof: ReleaseProof = await self._transport.get(f"/api/plugins/{place}/proof")
        return proof

    async def consistency(self, old: int, new: int) -> GrowthProof:
        """That the log of `new` entries begins with that of `old`."""
        proof: GrowthProof = await self._transport.get("/api/log/consistency", {"old": old, "new": new})
        return proof
