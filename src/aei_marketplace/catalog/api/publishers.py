"""Routes of publishers: the domains that prove who they are."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.catalog import service
from aei_marketplace.catalog.rules.verification import DomainProof, Method
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/publisher", route_class=OnceRoute)


class DomainWanted(BaseModel):
    """A domain that proves who the publisher is."""

    model_config = ConfigDict(extra="forbid")

    domain: Annotated[str, Field(min_length=1, max_length=253, examples=["acme.example"])]
    method: Method = Method.DNS


@router.get("/domains")
async def list_domains(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The domains of the tenant's publisher, the newest first."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_domains(work)
    return json_answer({"items": [_shape(p) for p in found], "next_cursor": None, "total": len(found)})


@router.post("/domains", status_code=201)
async def prove_domain(body: DomainWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Prove who the publisher is: put `expected` at `place`; a job looks for it within some minutes."""
    async with deps.works.begin(actor, trace) as work:
        proof = await service.prove_domain(work, body.domain, body.method)
    return json_answer(_shape(proof), 201)


@router.delete("/domains/{proof_id}", status_code=204)
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
