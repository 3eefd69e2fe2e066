"""Advisories about plugins."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Advisory, Affected, Page, Vulnerabilities


class Advisories:
    """Say what is wrong with releases of a plugin, and read what others said."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def file(self, plugin_id: str, statement: Mapping[str, Any]) -> Advisory:
        """File an advisory, as the plugin's publisher or as staff.

        Args:
            statement: `severity`, `title`, `details`, `affected`, and perhaps `fixed` and `references`.
        """
        address = f"/api/plugins/{quote(plugin_id, safe='')}/advisories"
        advisory: Advisory = await self._transport.post(address, dict(statement))
        return advisory

    async def list(self, plugin_id: str | None = None, *, cursor: str | None = None) -> Page[Advisory]:
        """Advisories about one plugin, or about all that you see, the latest first."""
        of_plugin = f"/api/plugins/{quote(plugin_id or '', safe='')}/advisories"
        address = "/api/advisories" if plugin_id is None else of_plugin
        page: Page[Advisory] = await self._transport.get(address, {"cursor": cursor})
        return page

    async def vulnerabilities(self, plugin_id: str, version: str | None = None) -> Vulnerabilities:
        """What is known against the packages inside of a release, the latest where none is named."""
        address = f"/api/plugins/{quote(plugin_id, safe='')}/vulnerabilities"
        found: Vulnerabilities = await self._transport.get(address, {"version": version})
        return found

    async def change(self, advisory_id: str, change: Mapping[str, Any]) -> Advisory:
        """Have an advisory say something else; what is left out stays."""
        advisory: Advisory = await self._transport.patch(_path(advisory_id), dict(change))
        return advisory

    async def withdraw(self, advisory_id: str, reason: str) -> Advisory:
        """Take an advisory back."""
        advisory: Advisory = await self._transport.post(f"{_path(advisory_id)}/withdraw", {"reason": reason})
        return advisory

    async def affected(self, advisory_id: str) -> Affected:
        """Affected installations: your tenant's; all of them for staff; numbers for the publisher."""
        affected: Affected = await self._transport.get(f"{_path(advisory_id)}/affected")
        return affected


def _path(advisory_id: str) -> str:
    return f"/api/advisories/{quote(advisory_id, safe='')}"
