"""Staged rollouts of releases."""

from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Rollout


class Rollouts:
    """How far releases reach the installations that update by themselves; the publisher decides."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def find(self, plugin_id: str, version: str) -> Rollout:
        """How far a release is rolled out."""
        rollout: Rollout = await self._transport.get(_path(plugin_id, version))
        return rollout

    async def change(
        self, plugin_id: str, version: str, *, percent: int | None = None, security: bool | None = None
    ) -> Rollout:
        """Roll a release out further or less far, or mark it as a security release; None leaves it."""
        body = {"percent": percent, "security": security}
        rollout: Rollout = await self._transport.patch(
            _path(plugin_id, version), {name: value for name, value in body.items() if value is not None}
        )
        return rollout

    async def start(self, plugin_id: str) -> int:
        """With how many percent the rollout of each new release begins."""
        return int((await self._transport.get(_path(plugin_id)))["start_percent"])

    async def change_start(self, plugin_id: str, percent: int) -> int:
        """Change that."""
        return int(
            (await self._transport.patch(_path(plugin_id), {"start_percent": percent}))["start_percent"]
        )


def _path(plugin_id: str, version: str | None = None) -> str:
    plugin = f"/api/plugins/{quote(plugin_id, safe='')}"
    return (
        f"{plugin}/versions/{quote(version, safe='')}/rollout" if version is not None else f"{plugin}/rollout"
    )
