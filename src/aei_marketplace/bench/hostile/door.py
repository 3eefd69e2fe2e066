"""The marketplace as its tenants reach it; every answer is searched for others' canaries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from aei_marketplace.bench.hostile.evidence import Evidence
from aei_marketplace.bench.hostile.tenants import Tenant

_CALL_S = 120.0
#: Less than the server keeps an idle connection: none is used at the moment in which it is closed.
_KEPT_S = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read to its end; `json` is None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any

    def codes(self) -> list[str]:
        """Why it was refused: the codes of a problem document, or else its type."""
        if self.status < 400 or not isinstance(self.json, dict):
            return []
        errors = [error["code"] for error in self.json.get("errors", ()) if error.get("code")]
        return errors or [str(self.json.get("type", self.status)).rpartition("/")[2]]


class Door:
    """Sends requests of tenants over HTTP.

    Args:
        url: of the marketplace, or of what stands before it.
        evidence: gets every answer.
    """

    def __init__(self, url: str, evidence: Evidence) -> None:
        self.url = url
        self.evidence = evidence
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_CALL_S),
            connector=aiohttp.TCPConnector(limit=200, keepalive_timeout=_KEPT_S),
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def get(self, tenant: Tenant, path: str) -> Answer:
        """GET."""
        return await self.call(tenant, "GET", path)

    async def post(self, tenant: Tenant, path: str, body: Any) -> Answer:
        """POST JSON."""
        return await self.call(tenant, "POST", path, json.dumps(body).encode())

    async def call(self, tenant: Tenant, method: str, path: str, body: bytes | None = None) -> Answer:
        """Send JSON as it is."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        return await self._send(tenant, method, path, headers, data=body)

    async def publish(self, tenant: Tenant, package: bytes, visibility: str = "public") -> Answer:
        """Publish a package."""
        form = aiohttp.FormData()
        form.add_field("package", package, filename="p.aeiplugin", content_type="application/octet-stream")
        form.add_field("visibility", visibility)
        return await self._send(tenant, "POST", "/api/plugins", {}, data=form)

    async def _send(
        self, tenant: Tenant, method: str, path: str, headers: Mapping[str, str], data: Any
    ) -> Answer:
        signed = {**headers, "Authorization": f"Bearer {tenant.token}"}
        async with self._session.request(method, self.url + path, headers=signed, data=data) as response:
            body = await response.read()
        kind = "problem" if response.status >= 400 else "answer"
        self.evidence.look(tenant.name, kind, f"{method} {path}", body)
        self.evidence.look(tenant.name, "headers", f"{method} {path}", str(dict(response.headers)))
        is_json = "json" in response.content_type and body
        return Answer(response.status, response.headers, body, json.loads(body) if is_json else None)
