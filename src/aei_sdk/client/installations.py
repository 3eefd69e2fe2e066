"""What the caller's tenant has installed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Installation, Operation, Page, Plan

Grants = Mapping[str, Mapping[str, Any]]


class Installations:
    """Install, update, uninstall, enable and disable; the first three return an operation to follow."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, cursor: str | None = None) -> Page[Installation]:
        """The tenant's installations."""
        page: Page[Installation] = await self._transport.get(
            "/api/plugins/installations", {"cursor": cursor, "limit": 200}
        )
        return page

    async def find(self, plugin_id: str) -> Installation | None:
        """The installation of one plugin."""
        cursor = None
        while True:
            page = await self.list(cursor=cursor)
            for installation in page["items"]:
                if installation["plugin_id"] == plugin_id:
                    return installation
            cursor = page["next_cursor"]
            if cursor is None:
                return None

    async def plan(self, plugin_id: str, *, version: str | None = None, channel: str | None = None) -> Plan:
        """What installing or updating would bring along, and what each of it asks for."""
        plan: Plan = await self._transport.get(
            _path(plugin_id, "plan"), {"version": version, "channel": channel}
        )
        return plan

    async def install(
        self,
        plugin_id: str,
        *,
        version: str | None = None,
        channel: str | None = None,
        grants: Grants | None = None,
        config: Mapping[str, Any] | None = None,
        dependencies: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Operation:
        """Install a release, the newest of the channel when no version is given.

        Args:
            grants: in the shape of the manifest's `permissions`, never more than that; None grants nothing.
            config: what the release's `config_schema` describes.
            dependencies: what comes along, as the plan names it: by plugin id `version` and perhaps `grants`;
                None installs the plugin alone.
        """
        return await self._begin(
            plugin_id,
            "install",
            version=version,
            channel=channel,
            grants=grants,
            config=config,
            dependencies=dependencies,
        )

    async def update(
        self, plugin_id: str, *, version: str | None = None, grants: Grants | None = None
    ) -> Operation:
        """Move to a newer release; without `grants` it keeps those it has."""
        return await self._begin(plugin_id, "update", version=version, grants=grants)

    async def uninstall(self, plugin_id: str, *, purge: bool = False) -> Operation:
        """Remove an installation; `purge` removes its files, secrets and configuration at once."""
        return await self._begin(plugin_id, "uninstall", purge=purge)

    async def toggle(self, plugin_id: str, *, enabled: bool) -> Installation:
        """Enable or disable an installation."""
        installation: Installation = await self._transport.post(
            _path(plugin_id, "toggle"), {"enabled": enabled}
        )
        return installation

    async def change(
        self, plugin_id: str, *, grants: Grants | None = None, config: Mapping[str, Any] | None = None
    ) -> Installation:
        """Change grants or configuration of what is installed, without another release."""
        fields = {"grants": grants, "config": config}
        body = {name: value for name, value in fields.items() if value is not None}
        installation: Installation = await self._transport.patch(_path(plugin_id, "installation"), body)
        return installation

    async def keep_journals(self, plugin_id: str, *, keep: bool) -> Installation:
        """Have each execution journalled from now on, or none; the rest of the policy stays."""
        path = _path(plugin_id, "installation")
        present: Installation = await self._transport.get(path)
        policy = {**present["policy"], "journal": keep}
        changed: Installation = await self._transport.patch(path, {"policy": policy})
        return changed

    async def _begin(self, plugin_id: str, what: str, **fields: Any) -> Operation:
        body = {name: value for name, value in fields.items() if value is not None}
        operation: Operation = await self._transport.post(_path(plugin_id, what), body)
        return operation


def _path(plugin_id: str, what: str) -> str:
    return f"/api/plugins/{quote(plugin_id, safe='')}/{what}"
