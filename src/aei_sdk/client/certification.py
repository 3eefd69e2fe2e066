"""Certification of releases: asked for, decided, and proven by signed statements."""

from typing import Any
from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Certification, CertificationRequest, Page

_REQUESTS = "/api/plugins/certification"


class Certifications:
    """Requests for certification, for publishers and Certifiers; badges, for everybody."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def submit(self, plugin_id: str, version: str) -> CertificationRequest:
        """Ask for the certification of an own release; one on record is answered at once."""
        path = f"/api/plugins/{quote(plugin_id, safe='')}/certification"
        request: CertificationRequest = await self._transport.post(path, {"version": version})
        return request

    async def queue(self, state: str | None = None, limit: int = 50) -> Page[CertificationRequest]:
        """Requests, the oldest first: all for Certifiers, their own for publishers."""
        query = {"state": state, "limit": limit}
        page: Page[CertificationRequest] = await self._transport.get(f"{_REQUESTS}/queue", query)
        return page

    async def find(self, request_id: str) -> CertificationRequest:
        """A request with its report."""
        request: CertificationRequest = await self._transport.get(_place(request_id))
        return request

    async def decide(self, request_id: str, decision: str, reason: str) -> CertificationRequest:
        """Approve or deny a request."""
        body = {"decision": decision, "reason": reason}
        request: CertificationRequest = await self._transport.patch(_place(request_id), body)
        return request

    async def scan_again(self, request_id: str) -> CertificationRequest:
        """Have a request scanned anew."""
        request: CertificationRequest = await self._transport.post(f"{_place(request_id)}/scan", {})
        return request

    async def withdraw(self, request_id: str) -> CertificationRequest:
        """Take back an own request that is not decided."""
        request: CertificationRequest = await self._transport.post(f"{_place(request_id)}/withdraw", {})
        return request

    async def policies(self) -> list[dict[str, Any]]:
        """Every version of the policy, the one in force first."""
        found = await self._transport.get(f"{_REQUESTS}/policies")
        return list(found["items"])

    async def policy(self, number: int) -> dict[str, Any]:
        """One version of the policy."""
        policy: dict[str, Any] = await self._transport.get(f"{_REQUESTS}/policies/{number}")
        return policy

    async def change_policy(self, terms: dict[str, Any]) -> dict[str, Any]:
        """Put the next policy in force, as an Operator."""
        policy: dict[str, Any] = await self._transport.put(f"{_REQUESTS}/policy", terms)
        return policy

    async def waivers(self, plugin_id: str | None = None) -> Page[dict[str, Any]]:
        """The exceptions in force, of one plugin or, for Certifiers, of all."""
        path = f"{_REQUESTS}/waivers" if plugin_id is None else _waivers(plugin_id)
        page: Page[dict[str, Any]] = await self._transport.get(path)
        return page

    async def waive(self, plugin_id: str, waiver: dict[str, Any]) -> dict[str, Any]:
        """Except findings of one kind in one plugin, as a Certifier."""
        made: dict[str, Any] = await self._transport.post(_waivers(plugin_id), waiver)
        return made

    async def end_waiver(self, waiver_id: str) -> None:
        """End an exception, as a Certifier."""
        await self._transport.delete(f"{_REQUESTS}/waivers/{quote(waiver_id, safe='')}")

    async def of_release(self, plugin_id: str, version: str) -> Certification:
        """How a release stands, with the evidence that the caller may read."""
        found: Certification = await self._transport.get(_release(plugin_id, version))
        return found

    async def statement(self, plugin_id: str, version: str) -> bytes:
        """The signed DSSE envelope of a release's badge."""
        return await self._transport.download(f"{_release(plugin_id, version)}?format=statement")

    async def keys(self) -> list[str]:
        """The keys that verify statements, as PEM texts, as the marketplace itself says."""
        found = await self._transport.get(f"{_REQUESTS}/keys")
        return [str(each["pem"]) for each in found["items"]]


def _place(request_id: str) -> str:
    return f"{_REQUESTS}/{quote(request_id, safe='')}"


def _waivers(plugin_id: str) -> str:
    return f"/api/plugins/{quote(plugin_id, safe='')}/certification/waivers"


def _release(plugin_id: str, version: str) -> str:
    return f"/api/plugins/{quote(plugin_id, safe='')}/versions/{quote(version, safe='')}/certification"
