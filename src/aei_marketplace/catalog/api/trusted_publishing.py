"""Routes of trusted publishing: which workflows publish a plugin, and the exchange of their tokens."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.catalog import service
from aei_marketplace.catalog.service import TrustedPublisher, Workflow
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(route_class=OnceRoute)

Text = Annotated[str, Field(min_length=1, max_length=300)]


class WorkflowWanted(BaseModel):
    """A workflow that may publish a plugin."""

    model_config = ConfigDict(extra="forbid")

    plugin: Annotated[str, Field(max_length=103)]
    issuer: Text
    repository: Text
    workflow: Text
    environment: Text | None = None


class Exchange(BaseModel):
    """An identity token, and the plugin that is to be published with what is given for it."""

    model_config = ConfigDict(extra="forbid")

    plugin: Annotated[str, Field(max_length=103)]
    identity_token: Annotated[str, Field(max_length=16 * 1024)]


@router.get("/api/trusted-publishing")
async def describe(deps: TheDeps) -> Response:
    """What a workflow must know: the audience of its identity token, and the issuers that are trusted."""
    audience, issuers = deps.sign_in.public_url, sorted(deps.issuer_keys.trusted)
    return json_answer({"audience": audience, "issuers": issuers})


@router.post("/api/trusted-publishing/token", status_code=201)
async def exchange(body: Exchange, request: Request, deps: TheDeps, trace: TheTrace) -> Response:
    """Exchange an identity token, once, for a token that publishes the plugin for 15 minutes."""
    await deps.attempts.count_address(request.client.host if request.client else "unknown")
    token = await service.exchange_identity(deps, body.plugin, body.identity_token, trace)
    shape = {"token": token.secret, "scopes": token.scopes, "expires_at": token.expires_at}
    return json_answer(shape, 201, {"Cache-Control": "no-store"})


@router.get("/api/trusted-publishers")
async def list_trusted(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The workflows that the tenant lets publish."""
    async with deps.works.begin(actor, trace) as work:
        trusted = await service.list_trusted(work)
    return json_answer({"items": [_shape(t) for t in trusted], "next_cursor": None, "total": len(trusted)})


@router.post("/api/trusted-publishers", status_code=201)
async def trust(body: WorkflowWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Let a workflow publish a plugin of the tenant's namespaces."""
    workflow = Workflow(body.issuer, body.repository, body.workflow, body.environment)
    async with deps.works.begin(actor, trace) as work:
        trusted = await service.trust_workflow(work, deps.issuer_keys.trusted, body.plugin, workflow)
    return json_answer(_shape(trusted), 201)


@router.delete("/api/trusted-publishers/{trusted_id}", status_code=204)
async def distrust(trusted_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Let a workflow publish no longer; tokens that it holds stop working at once."""
    async with deps.works.begin(actor, trace) as work:
        await service.distrust_workflow(work, trusted_id)
    return Response(status_code=204)


def _shape(trusted: TrustedPublisher) -> dict[str, Any]:
    workflow = trusted.workflow
    return {
        "id": trusted.id,
        "plugin": trusted.plugin_id,
        "issuer": workflow.issuer,
        "repository": workflow.repository,
        "repository_id": trusted.repository_id,
        "workflow": workflow.workflow,
        "environment": workflow.environment,
        "created_at": trusted.created_at,
    }
