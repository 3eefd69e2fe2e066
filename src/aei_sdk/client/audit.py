"""The audit log."""

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import AuditEntry, Page


class AuditLog:
    """Search what happened, newest first."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def search(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        resource: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[AuditEntry]:
        """Entries that match; `since` and `until` are RFC 3339 times, `resource` is an id."""
        query = {"actor": actor, "action": action, "resource": resource, "since": since, "until": until}
        page: Page[AuditEntry] = await self._transport.get(
            "/api/audit", {**query, "limit": limit, "cursor": cursor}
        )
        return page
