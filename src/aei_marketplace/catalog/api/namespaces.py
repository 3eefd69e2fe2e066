"""Routes of namespaces: claiming one, who belongs to it, and handing it over to another tenant."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service
from aei_marketplace.catalog.service import Member, NamespaceRole, Transfer
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(route_class=OnceRoute)


class NamespaceWanted(BaseModel):
    """A namespace to claim."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=39)]


class MemberWanted(BaseModel):
    """A member of the tenant, by e-mail address or id, and what they are to be in the namespace."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(min_length=3, max_length=254)] | None = None
    user_id: UUID | None = None
    role: NamespaceRole

    @model_validator(mode="after")
    def _one_of_both(self) -> "MemberWanted":
        if (self.email is None) == (self.user_id is None):
            raise ValueError("name either email or user_id")
        return self


class OfferWanted(BaseModel):
    """The tenant that is to have a namespace."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(min_length=1, max_length=39, description="its short name")]


@router.get("/api/namespaces")
async def list_namespaces(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The namespaces of the tenant, by name, with what the caller is in each."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_namespaces(work)
    return json_answer({"items": found, "next_cursor": None, "total": len(found)})


@router.post("/api/namespaces", status_code=201)
async def claim_namespace(body: NamespaceWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Claim a namespace; claiming one's own again changes nothing."""
    async with deps.works.begin(actor, trace) as work:
        await service.claim_namespace(work, body.name)
    return json_answer({"name": body.name}, 201)


@router.get("/api/namespaces/{name}")
async def get_namespace(name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """A namespace of the tenant."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(await service.find_namespace(work, name))


@router.get("/api/namespaces/{name}/members")
async def list_members(name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Who belongs to a namespace of the tenant, the longest first."""
    async with deps.works.begin(actor, trace) as work:
        members, names = await service.list_namespace_members(work, name)
    items = [_member(member, names.get(member.user_id)) for member in members]
    return json_answer({"items": items, "next_cursor": None, "total": len(items)})


@router.post("/api/namespaces/{name}/members", status_code=201)
async def name_member(
    name: str, body: MemberWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Name a member of the tenant in a namespace, or change their role; it is its members' alone then."""
    async with deps.works.begin(actor, trace) as work:
        user_id = body.user_id or await accounts.find_user(work, body.email or "")
        await service.name_member(work, name, user_id, body.role)
    return json_answer({"user_id": user_id, "role": body.role}, 201)


@router.delete("/api/namespaces/{name}/members/{user_id}", status_code=204)
async def remove_member(
    name: str, user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take somebody out of a namespace, or leave it."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_namespace_member(work, name, user_id)
    return Response(status_code=204)


@router.delete("/api/namespaces/{name}/members", status_code=204)
async def open_namespace(name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Give a namespace back to all who publish for the tenant; it has no members then."""
    async with deps.works.begin(actor, trace) as work:
        await service.open_namespace(work, name)
    return Response(status_code=204)


@router.get("/api/namespace-transfers")
async def list_transfers(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Offers of namespaces from and to the tenant, the newest first."""
    async with deps.works.begin(actor, trace) as work:
        items = [_transfer(transfer, work.now) for transfer in await service.list_transfers(work)]
    return json_answer({"items": items, "next_cursor": None, "total": len(items)})


@router.post("/api/namespaces/{name}/transfer", status_code=201)
async def offer(name: str, body: OfferWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Offer a namespace with all its plugins to another tenant; it can accept for a week."""
    async with deps.works.begin(actor, trace) as work:
        transfer = await service.offer_namespace(work, name, body.to)
        return json_answer(_transfer(transfer, work.now), 201)


@router.post("/api/namespaces/{name}/transfer/accept")
async def accept(name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take over a namespace that is offered to the tenant."""
    async with deps.works.begin(actor, trace) as work:
        transfer = await service.accept_namespace(work, name)
        return json_answer(_transfer(transfer, work.now))


@router.delete("/api/namespaces/{name}/transfer")
async def end_offer(name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take an offer back, or decline one that is made to the tenant."""
    async with deps.works.begin(actor, trace) as work:
        transfer = await service.end_offer(work, name)
        return json_answer(_transfer(transfer, work.now))


def _member(member: Member, name: str | None) -> dict[str, Any]:
    return {
        "user_id": member.user_id,
        "name": name,
        "role": member.role,
        "named_by": member.named_by,
        "named_at": member.named_at,
    }


def _transfer(transfer: Transfer, now: datetime) -> dict[str, Any]:
    return {
        "id": transfer.id,
        "namespace": transfer.namespace,
        "from": transfer.from_slug,
        "to": transfer.to_slug,
        "state": transfer.state_at(now),
        "offered_at": transfer.offered_at,
        "expires_at": transfer.expires_at,
        "ended_at": transfer.ended_at,
    }
