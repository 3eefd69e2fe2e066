"""Routes: sign in, who am I, tokens, members, roles, tenants."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.accounts import service
from aei_marketplace.ground.errors import TooMany
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api", tags=["accounts"], route_class=OnceRoute)

_attempts = MovingWindowRateLimiter(MemoryStorage())
_PER_ACCOUNT, _PER_SOURCE = parse("10/minute"), parse("30/minute")

Name = Annotated[str, Field(min_length=1, max_length=120)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Credentials(_Body):
    """What a person signs in with."""

    email: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=1024)]
    tenant: Annotated[str, Field(max_length=39)] | None = None


class TokenWanted(_Body):
    """A token to issue."""

    name: Name
    scopes: list[str] = ["*"]
    days: Annotated[int, Field(ge=1, le=366)] = 30
    user_id: UUID | None = None


class MemberWanted(_Body):
    """A member to add: an existing user by e-mail, or a new one."""

    email: Annotated[str, Field(max_length=254)] | None = None
    name: Name
    role: Annotated[str, Field(max_length=60)]
    password: Annotated[str, Field(max_length=1024)] | None = None
    service: bool = False


class TenantWanted(_Body):
    """A tenant to create."""

    slug: Annotated[str, Field(max_length=39)]
    name: Name


@router.post("/login", status_code=201)
async def sign_in(body: Credentials, request: Request, deps: TheDeps, trace: TheTrace) -> Response:
    """Exchange e-mail and password for a token."""
    source = request.client.host if request.client else "unknown"
    await _slow_down(_PER_ACCOUNT, "account", body.email.lower())
    await _slow_down(_PER_SOURCE, "source", source)
    token = await service.sign_in(deps.works, body.email, body.password, body.tenant, trace)
    return json_answer(_issued(token), 201)


@router.get("/me")
async def who_am_i(actor: TheActor) -> Response:
    """The actor behind the token: tenant, kind, actions."""
    return json_answer(
        {
            "id": actor.id,
            "kind": actor.kind,
            "name": actor.name,
            "tenant": actor.tenant_slug,
            "staff": actor.staff,
            "actions": sorted(actor.actions),
        }
    )


@router.get("/tokens")
async def list_tokens(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The actor's tokens, without their secrets."""
    async with deps.works.begin(actor, trace) as work:
        tokens = await service.list_tokens(work)
    return json_answer(_list([_shape(t) for t in tokens]))


@router.post("/tokens", status_code=201)
async def issue_token(body: TokenWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Issue a token; its secret is shown this once."""
    async with deps.works.begin(actor, trace) as work:
        token = await service.issue_token(
            work, name=body.name, scopes=body.scopes, lifetime=timedelta(days=body.days), owner=body.user_id
        )
    return json_answer(_issued(token), 201)


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Revoke a token; it stops working at once."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_token(work, token_id)
    return Response(status_code=204)


@router.get("/members")
async def list_members(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant's members and their roles."""
    async with deps.works.begin(actor, trace) as work:
        members = await service.list_members(work)
    return json_answer(_list(members))


@router.post("/members", status_code=201)
async def add_member(body: MemberWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Create a user and make them a member."""
    async with deps.works.begin(actor, trace) as work:
        user_id = await service.create_user(
            work, name=body.name, email=body.email, password=body.password, service=body.service
        )
        await service.add_member(work, user_id, body.role)
    return json_answer({"id": user_id, "name": body.name, "roles": [body.role]}, 201)


@router.delete("/members/{user_id}", status_code=204)
async def remove_member(user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take a member out of the tenant; their tokens stop working at once."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_member(work, user_id)
    return Response(status_code=204)


@router.get("/roles")
async def list_roles(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant roles and what each grants."""
    async with deps.works.begin(actor, trace) as work:
        roles = await service.list_roles(work)
    return json_answer(_list(roles))


@router.get("/tenants")
async def list_tenants(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """All tenants, for staff."""
    async with deps.works.begin(actor, trace) as work:
        tenants = await service.list_tenants(work)
    return json_answer(_list(tenants))


@router.post("/tenants", status_code=201)
async def create_tenant(body: TenantWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Create a tenant, for staff."""
    async with deps.works.begin(actor, trace) as work:
        tenant_id = await service.create_tenant(work, body.slug, body.name)
    return json_answer({"id": tenant_id, "slug": body.slug, "name": body.name}, 201)


async def _slow_down(limit: Any, *key: str) -> None:
    if not await _attempts.hit(limit, *key):
        raise TooMany("Too many attempts to sign in.", retry_after=60)


def _shape(token: service.Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "user_id": token.user_id,
        "name": token.name,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }


def _issued(token: service.Token) -> dict[str, Any]:
    return {**_shape(token), "token": token.secret}


def _list(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": items, "next_cursor": None, "total": len(items)}
