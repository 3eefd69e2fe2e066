"""Plugins and releases."""

import io
from collections.abc import Callable, Sequence
from urllib.parse import quote

import aiohttp

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Page, Plugin, Release


class Catalogue:
    """What is listed, and publishing to it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def search(
        self,
        query: str = "",
        *,
        category: str | None = None,
        kind: str | None = None,
        compatible_with: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[Plugin]:
        """Listings that match, best first; `compatible_with` is an AEI version."""
        page: Page[Plugin] = await self._transport.get(
            "/api/plugins",
            {
                "q": query or None,
                "category": category,
                "kind": kind,
                "compatible_with": compatible_with,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return page

    async def plugin(self, plugin_id: str) -> Plugin:
        """One listing."""
        plugin: Plugin = await self._transport.get(_path(plugin_id))
        return plugin

    async def versions(self, plugin_id: str, *, cursor: str | None = None) -> Page[Release]:
        """A plugin's releases, newest first."""
        page: Page[Release] = await self._transport.get(f"{_path(plugin_id)}/versions", {"cursor": cursor})
        return page

    async def release(self, plugin_id: str, version: str) -> Release:
        """One release."""
        release: Release = await self._transport.get(_path(plugin_id, version))
        return release

    async def package(self, plugin_id: str, version: str) -> bytes:
        """A release's package."""
        return await self._transport.download(f"{_path(plugin_id, version)}/package")

    async def publish(
        self,
        package: bytes,
        *,
        signature: bytes | None = None,
        visibility: str = "public",
        audience: Sequence[str] = (),
        sent: Callable[[int], None] = lambda _bytes: None,
    ) -> Release:
        """Publish a package as a new release; it is listed once the registry has processed it.

        Args:
            package: the archive.
            signature: a detached DSSE envelope.
            visibility: `public` or `private`.
            audience: slugs of further tenants that see a private plugin.
            sent: told how many bytes have been handed over so far.
        """
        form = aiohttp.FormData()
        stream = _Counted(package, sent)
        form.add_field("package", stream, filename="package.aeiplugin", content_type="application/zip")
        if signature is not None:
            form.add_field("signature", signature, filename="signature.json", content_type="application/json")
        form.add_field("visibility", visibility)
        for tenant in audience:
            form.add_field("audience", tenant)
        release: Release = await self._transport.post_form("/api/plugins", form)
        return release

    async def set_state(
        self, plugin_id: str, version: str, state: str, *, reason: str, replacement: str | None = None
    ) -> Release:
        """Deprecate, yank or otherwise move a release; `replacement` names a plugin to use instead."""
        body = {"state": state, "reason": reason} | ({"replacement": replacement} if replacement else {})
        release: Release = await self._transport.patch(_path(plugin_id, version), body)
        return release


class _Counted(io.BytesIO):
    """Bytes that tell how far they have been read."""

    def __init__(self, content: bytes, report: Callable[[int], None]) -> None:
        super().__init__(content)
        self._report = report

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self._report(self.tell())
        return piece


def _path(plugin_id: str, version: str | None = None) -> str:
    plugin = f"/api/plugins/{quote(plugin_id, safe='')}"
    return f"{plugin}/versions/{quote(version, safe='')}" if version is not None else plugin
