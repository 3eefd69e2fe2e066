"""Routes: keep, list, read, test, delete model endpoints. A key goes in and never comes out."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool

from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import ModelKind
from aei_marketplace.vault import service
from aei_marketplace.vault.rules.endpoints import Endpoint
from aei_marketplace.vault.service.asking import Gateway
from aei_marketplace.vault.service.endpoints import EndpointWanted
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/model-endpoints", tags=["model endpoints"], route_class=OnceRoute)

IfMatch = Annotated[str | None, Header(description="the ETag that the change is based on")]


class EndpointBody(BaseModel):
    """An endpoint of the common chat-completion API."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    kind: ModelKind
    base_url: Annotated[
        str, Field(max_length=2000, description="`/chat/completions` or `/embeddings` is added")
    ] = Field(examples=["https://api.models.example/v1"])
    models: dict[str, str] = Field(
        description="the name that guests use → the endpoint's own", examples=[{"small": "example-small-1"}]
    )
    key: Annotated[
        SecretStr | None,
        Field(description="sent as bearer token; null for none, left out to keep the present"),
    ] = None
    streaming: Annotated[StrictBool, Field(description="false for an endpoint that cannot stream")] = True
    enabled: StrictBool = True


@router.get("")
async def list_endpoints(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """The tenant's model endpoints, by name."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_endpoints(work, page), lambda endpoint: endpoint.shape())


@router.get("/{name}")
async def read_endpoint(name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One model endpoint."""
    async with deps.works.begin(actor, trace) as work:
        return _shown(await service.find_endpoint(work, name))


@router.put("/{name}")
async def put_endpoint(
    name: str,
    body: EndpointBody,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Keep a model endpoint, in the place of what it was."""
    wanted = EndpointWanted(
        kind=body.kind,
        base_url=body.base_url,
        models=body.models,
        key=None if body.key is None else body.key.get_secret_value(),
        keep_key="key" not in body.model_fields_set,
        streaming=body.streaming,
        enabled=body.enabled,
    )
    is_internal = deps.model_endpoints.is_internal
    async with deps.works.begin(actor, trace) as work:
        kept = await service.put_endpoint(work, deps.master_key, is_internal, name, wanted, if_match)
    return _shown(kept)


@router.delete("/{name}", status_code=204)
async def delete_endpoint(
    name: str, deps: TheDeps, actor: TheActor, trace: TheTrace, if_match: IfMatch = None
) -> Response:
    """Delete a model endpoint and its key."""
    async with deps.works.begin(actor, trace) as work:
        await service.delete_endpoint(work, name, if_match)
    return Response(status_code=204)


@router.post("/{name}/test")
async def test_endpoint(name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Send the endpoint a tiny request; the answer says how it went, and costs a few tokens."""
    trial = await service.try_endpoint(gateway_of(deps), actor, trace, name)
    return json_answer(
        {
            "ok": trial.reply.code is None,
            "model": trial.model,
            "code": trial.reply.code,
            "message": trial.reply.message,
            "tokens": trial.reply.tokens,
            "duration_ms": trial.duration_ms,
        }
    )


def gateway_of(deps: Deps) -> Gateway:
    """The gateway over a process's dependencies."""
    return Gateway(deps.works, deps.master_key, deps.model_endpoints, deps.plugin_models)


def _shown(endpoint: Endpoint) -> Response:
    return json_answer(endpoint.shape(), headers={"ETag": endpoint.etag})
