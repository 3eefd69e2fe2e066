"""Routes of the common chat-completion API: installed plugins of kind `model` under the caller's role."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from aei_marketplace.executions import service
from aei_marketplace.executions.api.executions import body_of, runs_of
from aei_marketplace.executions.rules.models import chunks, error_shape, read_model_request
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.ports import ModelKind
from aei_marketplace.web.idempotency import Handler, OnceRoute
from aei_marketplace.web.problems import challenge, note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, actor_of, trace_of
from aei_marketplace.web.responses import events_answer, json_answer


class CommonRoute(OnceRoute):
    """A route whose refusals have the shape of the common API."""

    def get_route_handler(self) -> Handler:
        """Wrap the route's handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except Refusal as refusal:
                await note_denial(request, refusal)
                headers = {**refusal.headers, **challenge(refusal)}
                return json_answer(error_shape(refusal, trace_of(request)), refusal.status, headers)

        return handle


router = APIRouter(prefix="/v1", tags=["models"], route_class=CommonRoute)


def _documented(content: str, example: Mapping[str, Any]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["model", content],
        "properties": {"model": {"type": "string", "description": "an installed plugin's id"}},
    }
    media = {"schema": schema, "examples": {"short": {"value": example}}}
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


_CHAT = {"model": "studio.langid", "messages": [{"role": "user", "content": "Guten Morgen"}]}
_EMBED = {"model": "acme.vectors", "input": ["Guten Morgen"]}


@router.get("/models")
async def list_models(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant's installed and enabled plugins of kind `model`."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer({"object": "list", "data": await service.list_models(work)})


@router.post("/chat/completions", openapi_extra=_documented("messages", _CHAT))
async def complete_chat(request: Request) -> Response:
    """Have a plugin complete a chat; with `stream` as server-sent events, once the plugin has ended."""
    return await _ask(request, "chat")


@router.post("/embeddings", openapi_extra=_documented("input", _EMBED))
async def embed(request: Request) -> Response:
    """Have a plugin embed texts."""
    return await _ask(request, "embed")


async def _ask(request: Request, kind: ModelKind) -> Response:
    actor = await actor_of(request)
    wanted = read_model_request(kind, await body_of(request))
    answer = await service.ask_model(runs_of(request), actor, trace_of(request), kind, wanted)
    if kind == "chat" and wanted.stream:
        return events_answer(_events(chunks(answer, wanted.with_usage)))
    return json_answer(answer)


async def _events(documents: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    for document in documents:
        yield b"data: " + msgspec.json.encode(document) + b"\n\n"
    yield b"data: [DONE]\n\n"
