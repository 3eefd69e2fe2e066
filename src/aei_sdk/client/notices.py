"""What the caller should know."""

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Inbox, Notice


class Notices:
    """Read notices, and mark them read."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        unread: bool = False,
        kind: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Inbox:
        """The caller's notices, the latest first."""
        query = {"unread": "true" if unread else None, "kind": kind, "limit": limit, "cursor": cursor}
        inbox: Inbox = await self._transport.get("/api/notices", query)
        return inbox

    async def mark_read(self, notice_id: str) -> Notice:
        """Mark one read."""
        notice: Notice = await self._transport.post(f"/api/notices/{notice_id}/read", None)
        return notice

    async def mark_all_read(self, up_to: str | None = None) -> int:
        """Mark all read that occurred until a time (RFC 3339); how many were unread."""
        answer = await self._transport.post("/api/notices/read", {"up_to": up_to})
        return int(answer["marked"])
