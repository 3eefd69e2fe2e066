"""The audit log."""

from collections.abc import AsyncIterator
from typing import Literal, TypedDict, Unpack
from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import AuditEntry, AuditProof, GrowthProof, Page


class AuditFilter(TypedDict, total=False):
    """Which entries are asked for; None and what is absent mean any.

    `since` and `until` are RFC 3339 times, `actor`, `resource` and `tenant` ids, `q` is part of an entry's
    text.
    """

    actor: str | None
    action: str | None
    resource: str | None
    since: str | None
    until: str | None
    tenant: str | None
    q: str | None


class AuditLog:
    """Search what happened, newest first, and prove that it was written down."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def search(
        self, *, limit: int | None = None, cursor: str | None = None, **wanted: Unpack[AuditFilter]
    ) -> Page[AuditEntry]:
        """One page of the entries that match."""
        page: Page[AuditEntry] = await self._transport.get(
            "/api/audit", {**wanted, "limit": limit, "cursor": cursor}
        )
        return page

    def export(self, form: Literal["csv", "jsonl"], **wanted: Unpack[AuditFilter]) -> AsyncIterator[bytes]:
        """Every entry that matches, as a file's bytes, piece by piece."""
        return self._transport.pieces("/api/audit", {**wanted, "format": form})

    async def proof(self, entry: str) -> AuditProof:
        """That an entry is in the log; `aei_sdk.proving_entries` checks it."""
        proof: AuditProof = await self._transport.get(f"/api/audit/proof/{quote(entry, safe='')}")
        return proof

    async def consistency(self, old: int, new: int) -> GrowthProof:
        """That the log of `new` entries begins with that of `old`."""
        proof: GrowthProof = await self._transport.get("/api/audit/consistency", {"from": old, "to": new})
        return proof
