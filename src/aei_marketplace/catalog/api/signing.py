"""Routes of signatures: a publisher's keys, whether they must be used, a release's envelope."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.catalog import service
from aei_marketplace.catalog.service import SigningKey
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer

router = APIRouter(route_class=OnceRoute)


class KeyWanted(BaseModel):
    """A key to register: an Ed25519 public key in PEM form."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
    public_key: Annotated[str, Field(max_length=4096)]


class PolicyWanted(BaseModel):
    """Whether every new release of the publisher must be signed."""

    model_config = ConfigDict(extra="forbid")

    required: bool


@router.get("/api/signing-keys")
async def list_keys(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The keys of the tenant's publisher, the newest first."""
    async with deps.works.begin(actor, trace) as work:
        keys = await service.list_signing_keys(work)
    return json_answer({"items": [_shape(key) for key in keys], "next_cursor": None, "total": len(keys)})


@router.post("/api/signing-keys", status_code=201)
async def add_key(body: KeyWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Register a key; packages that it signs are taken from then on."""
    async with deps.works.begin(actor, trace) as work:
        key = await service.add_signing_key(work, body.name, body.public_key.encode())
    return json_answer(_shape(key), 201)


@router.delete("/api/signing-keys/{key_id}", status_code=204)
async def revoke_key(key_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Revoke a key: it signs nothing new. What it signed before stays signed."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_signing_key(work, key_id)
    return Response(status_code=204)


@router.get("/api/signing-policy")
async def get_policy(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Whether every new release of the tenant's publisher must be signed."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer({"required": await service.signatures_required(work)})


@router.put("/api/signing-policy")
async def set_policy(body: PolicyWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Decide whether every new release of the tenant's publisher must be signed."""
    async with deps.works.begin(actor, trace) as work:
        await service.require_signatures(work, required=body.required)
    return json_answer({"required": body.required})


@router.get("/api/plugins/{plugin_id}/versions/{version}/signature")
async def get_signature(
    plugin_id: str, version: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """A release's DSSE envelope, as it was published, and the key that made it."""
    async with deps.works.begin(visitor, trace) as work:
        envelope, key = await service.find_signature(work, plugin_id, version)
    return json_answer({"envelope": envelope.decode(), "key": _shape(key)})


def _shape(key: SigningKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "public_key": key.public.pem().decode(),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
