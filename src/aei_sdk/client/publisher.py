"""Your publisher: the domains that prove who it is, what it may keep, the workflows that publish for it."""

from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import DomainProof, Page, Quota, TrustedWorkflow


class Publisher:
    """The publisher of your tenant."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def domains(self) -> Page[DomainProof]:
        """Its domains, the newest first."""
        page: Page[DomainProof] = await self._transport.get("/api/publisher/domains")
        return page

    async def prove_domain(self, domain: str, method: str) -> DomainProof:
        """Begin to prove by a domain who it is; `method` is `dns` or `file`."""
        proof: DomainProof = await self._transport.post(
            "/api/publisher/domains", {"domain": domain, "method": method}
        )
        return proof

    async def forget_domain(self, proof_id: str) -> None:
        """Prove nothing by a domain any more."""
        await self._transport.delete(f"/api/publisher/domains/{quote(proof_id, safe='')}")

    async def quota(self) -> Quota:
        """What it uses and may."""
        quota: Quota = await self._transport.get("/api/publisher/quota")
        return quota

    async def trusted(self) -> Page[TrustedWorkflow]:
        """The workflows that may publish its plugins."""
        page: Page[TrustedWorkflow] = await self._transport.get("/api/trusted-publishers")
        return page

    async def trust(
        self, plugin_id: str, *, issuer: str, repository: str, workflow: str, environment: str | None = None
    ) -> TrustedWorkflow:
        """Let a workflow of a build service publish a plugin."""
        body = {"plugin": plugin_id, "issuer": issuer, "repository": repository, "workflow": workflow}
        if environment is not None:
            body["environment"] = environment
        trusted: TrustedWorkflow = await self._transport.post("/api/trusted-publishers", body)
        return trusted

    async def distrust(self, trusted_id: str) -> None:
        """Let a workflow publish no longer."""
        await self._transport.delete(f"/api/trusted-publishers/{quote(trusted_id, safe='')}")
