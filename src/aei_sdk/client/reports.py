"""Reports about plugins."""

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Page, Report


class Reports:
    """Tell the operator's staff of a malicious or broken plugin, and see what came of it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def file(self, plugin_id: str, kind: str, text: str, *, version: str | None = None) -> Report:
        """Report a plugin; without `version` all of its releases are meant.

        Args:
            kind: `malicious` or `broken`.
            text: what you saw, for staff to read.
        """
        body = {"plugin_id": plugin_id, "kind": kind, "text": text, "version": version}
        report: Report = await self._transport.post(
            "/api/reports", {name: value for name, value in body.items() if value is not None}
        )
        return report

    async def list(self, *, plugin_id: str | None = None, cursor: str | None = None) -> Page[Report]:
        """Your tenant's reports, newest first; for moderators all reports."""
        page: Page[Report] = await self._transport.get(
            "/api/reports", {"plugin": plugin_id, "cursor": cursor}
        )
        return page
