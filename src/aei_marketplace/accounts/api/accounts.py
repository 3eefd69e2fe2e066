"""Routes: a token for a password, who am I, tokens, tenants."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from aei_marketplace.accounts import service
from aei_marketplace.accounts.api.bodies import Body, Email, Name, Password, listed
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(tags=["accounts"], route_class=OnceRoute)
#: What answers with a secret takes no `Idempotency-Key`: remembering the answer would keep the secret.
telling = APIRouter(tags=["accounts"])


class Credentials(Body):
    """What a person signs in with."""

    email: Email
    password: Password
    tenant: Annotated[str, Field(max_length=39)] | None = None


class TokenWanted(Body):
    """A token to issue."""

    name: Name
    scopes: tuple[str, ...] = ("*",)
    days: Annotated[int, Field(ge=1, le=366)] = 30
    user_id: UUID | None = None


class TenantWanted(Body):
    """A tenant to create."""

    slug: Annotated[str, Field(max_length=39)]
    name: Name


class TenantChange(Body):
    """Whether a tenant is closed, and for what reason."""

    closed: bool
    reason: Annotated[str, Field(max_length=2000)] = ""


@telling.post("/login", status_code=201)
async def sign_in(body: Credentials, request: Request, deps: TheDeps, trace: TheTrace) -> Response:
    """Exchange e-mail and password for a token."""
    await deps.attempts.count(body.email, request.client.host if request.client else "unknown")
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
    return json_answer(listed([_shape(t) for t in tokens]))


@telling.post("/tokens", status_code=201)
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


@router.get("/tenants")
async def list_tenants(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """All tenants, for staff."""
    async with deps.works.begin(actor, trace) as work:
        tenants = await service.list_tenants(work)
    return json_answer(listed(tenants))


@router.post("/tenants", status_code=201)
async def create_tenant(body: TenantWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Create a tenant, for staff."""
    async with deps.works.begin(actor, trace) as work:
        tenant_id = await service.create_tenant(work, body.slug, body.name)
    return json_answer({"id": tenant_id, "slug": body.slug, "name": body.name}, 201)


@router.patch("/tenants/{tenant_id}", status_code=204)
async def close_or_reopen(
    tenant_id: UUID, body: TenantChange, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Close a tenant, with the reason: its tokens and sessions end at once. Or open it again; for staff."""
    async with deps.works.begin(actor, trace) as work:
        if body.closed:
            await service.close_tenant(work, tenant_id, body.reason)
        else:
            await service.reopen_tenant(work, tenant_id)
    return Response(status_code=204)


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
