"""Routes of publishers: the domains that prove who they are, and their quotas."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.catalog import service
from aei_marketplace.catalog.rules.verification import DomainProof, Method
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(route_class=OnceRoute)


class DomainWanted(BaseModel):
    """A domain that proves who the publisher is."""

    model_config = ConfigDict(extra="forbid")

    domain: Annotated[str, Field(min_length=1, max_length=253, examples=["acme.example"])]
    method: Method = Method.DNS


class QuotaWanted(BaseModel):
    """What one publisher may have; what is null or left out is the operator's default."""

    model_config = ConfigDict(extra="forbid")

    storage_bytes: Annotated[int, Field(ge=0, le=2**50)] | None = None
    releases: Annotated[int, Field(ge=0, le=2**40)] | None = None
    releases_per_hour: Annotated[int, Field(ge=0, le=2**40)] | None = None


@router.get("/api/publisher/quota")
async def get_quota(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """What the tenant's publisher uses, and what it may."""
    async with deps.works.begin(actor, trace) as work:
        used, allowed = await service.find_quota(work, deps.publisher_quota)
    return json_answer({"used": used, "allowed": allowed})


@router.put("/api/publishers/{publisher_id}/quota")
async def decide_quota(
    publisher_id: UUID, body: QuotaWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Allow one publisher more or less than the defaults; for staff who administer tenants."""
    async with deps.works.begin(actor, trace) as work:
        await service.decide_quota(work, publisher_id, body.model_dump())
    return json_answer(body.model_dump())


@router.get("/api/publisher/domains")
async def list_domains(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The domains of the tenant's publisher, the newest first."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_domains(work)
    return json_answer({"items": [_shape(p) for p in found], "next_cursor": None, "total": len(found)})


@router.post("/api/publisher/domains", status_code=201)
async def prove_domain(body: DomainWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Prove who the publisher is: put `expected` at `place`; a job looks for it within some minutes."""
    async with deps.works.begin(actor, trace) as work:
        proof = await service.prove_domain(work, body.domain, body.method)
    return json_answer(_shape(proof), 201)


@router.delete("/api/publisher/domains/{proof_id}", status_code=204)
async def forget_domain(proof_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Prove nothing by this domain any more."""
    async with deps.works.begin(actor, trace) as work:
        await service.forget_domain(work, proof_id)
    return Response(status_code=204)


def _shape(proof: DomainProof) -> dict[str, Any]:
    return {
        "id": proof.id,
        "domain": proof.domain,
        "method": proof.method,
        "state": proof.state,
        "place": proof.place,
        "expected": proof.expected,
        "problem": proof.problem,
        "created_at": proof.created_at,
        "checked_at": proof.checked_at,
        "expires_at": proof.expires_at,
        "next_check_at": proof.next_check_at,
    }
