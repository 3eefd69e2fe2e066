"""Routes: execute, follow, read, cancel."""

import re
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime

from aei_marketplace.executions import service
from aei_marketplace.executions.errors import TaskTooLarge
from aei_marketplace.executions.rules.requests import ENVELOPE_BYTES, Wanted, read_request
from aei_marketplace.executions.rules.tryouts import read_tryout
from aei_marketplace.executions.rules.views import Execution, Filter
from aei_marketplace.ground.actor import Actor
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import (
    TheActor,
    TheDeps,
    ThePage,
    TheTrace,
    actor_of,
    deps_of,
    trace_of,
    unread_token,
)
from aei_marketplace.web.responses import HEARTBEAT, event, events_answer, json_answer, page_answer

router = APIRouter(prefix="/api", tags=["executions"], route_class=OnceRoute)

#: Where `execute` stands, for the way around the search for a route.
EXECUTE_PATH = re.compile(r"/api/plugins/(?P<plugin_id>[^/]+)/execute")

_EXECUTE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["task"],
                    "additionalProperties": False,
                    "properties": {
                        "task": {
                            "description": "What the guest gets; must satisfy the plugin's input_schema."
                        },
                        "limits": {
                            "type": "object",
                            "description": "Lowers limits (cpu_ms, wall_ms, memory_mib, …) for this run: "
                            "a value above what holds changes nothing. The answer's `limits` held.",
                            "additionalProperties": {"type": "integer", "minimum": 1},
                        },
                        "mode": {"enum": ["sync", "async"], "default": "sync"},
                        "journal": {
                            "type": "boolean",
                            "default": False,
                            "description": "Keep the host calls' answers for 30 days, for a replay.",
                        },
                    },
                },
                "examples": {"short": {"value": {"task": {"text": "Guten Morgen"}}}},
            }
        },
    }
}


_TRY_BODY = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "version": {"type": "string", "description": "The latest offered when absent."},
                        "example": {
                            "type": "integer",
                            "minimum": 0,
                            "default": 0,
                            "description": "Place in the listing's `examples`, from 0.",
                        },
                        "task": {"description": "A task of your own, instead of an example."},
                    },
                },
                "examples": {"first": {"value": {"example": 0}}},
            }
        },
    }
}


@router.post(
    "/plugins/{plugin_id}/execute",
    summary="Run an installed plugin on a task",
    responses={202: {"description": "mode async: it has started; follow `…/events`"}},
    openapi_extra=_EXECUTE_BODY,
)
async def execute(request: Request) -> Response:
    """Run an installed plugin on one task.

    With mode sync the answer is the ended execution, whatever its outcome; with mode async it is the
    running one, with its address in `Location`.
    """
    # Read here by hand: dependency injection and validation would cost more than the guest's run.
    execution, wanted = await _executed(request)
    if wanted.mode == "sync":
        return json_answer(execution.shape())
    return json_answer(execution.shape(), 202, {"Location": f"/api/executions/{execution.id}"})


async def _executed(request: Request) -> tuple[Execution, Wanted]:
    """Carried out for a token's holder at once; for anybody else after asking who they are."""
    runs, trace_id, plugin_id = runs_of(request), trace_of(request), request.path_params["plugin_id"]
    if token := unread_token(request):
        wanted = read_request(await body_of(request))
        return await service.execute_by_token(runs, token, trace_id, plugin_id, wanted), wanted
    actor = await actor_of(request)
    wanted = read_request(await body_of(request))
    execute = service.execute if wanted.mode == "sync" else service.execute_later
    return await execute(runs, actor, trace_id, plugin_id, wanted), wanted


@router.get("/executions")
async def list_executions(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    plugin: Annotated[str | None, Query(description="a plugin's id")] = None,
    outcome: Annotated[str | None, Query(description="an outcome, `running` or `failed`")] = None,
    actor_id: Annotated[UUID | None, Query(alias="actor", description="who started them")] = None,
    since: Annotated[AwareDatetime | None, Query(description="none that started before")] = None,
) -> Response:
    """Executions, newest first: the caller's own, or the tenant's with `execution.read_all`."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_executions(work, page, Filter(plugin, outcome, actor_id, since))
    return page_answer(found, lambda e: e.shape())


@router.get("/executions/{id}")
async def read_execution(id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One execution."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer((await service.find_execution(work, id)).shape())


@router.get("/executions/{id}/log")
async def read_log(id: UUID, request: Request, actor: TheActor, trace: TheTrace) -> Response:
    """What the guest wrote: lines `{at_ms, level, message}`, as many as its limit allowed."""
    execution, lines = await service.read_log(runs_of(request), actor, trace, id)
    return json_answer({"items": lines, "truncated": execution.log_truncated})


@router.get("/executions/{id}/events")
async def follow(id: UUID, request: Request, actor: TheActor) -> Response:
    """Server-sent events: `progress` {fraction, message}, `log` {at_ms, level, message}, last `end`."""
    await service.read_execution(deps_of(request).works, actor, id)
    return events_answer(_events(runs_of(request), actor, id))


@router.post("/executions/{id}/cancel", status_code=202)
async def cancel(id: UUID, request: Request, actor: TheActor) -> Response:
    """End a running execution now."""
    return json_answer((await service.cancel(runs_of(request), actor, id)).shape(), 202)


@router.post("/executions/{id}/replay")
async def replay(id: UUID, request: Request, actor: TheActor, trace: TheTrace) -> Response:
    """Run an execution again, its host calls answered from its journal; `replay` says whether it is the same.

    Nothing is called outside the sandbox. Secrets are read anew and compared, for they are never recorded.
    """
    return json_answer((await service.replay(runs_of(request), actor, trace, id)).shape())


@router.post("/plugins/{plugin_id}/try", openapi_extra=_TRY_BODY)
async def try_out(request: Request) -> Response:
    """Run an example of a release, or a task of your own, without installing it and without any grant.

    `requested` shows what the release asks for, `permissions.denied` what it asked for in this run.
    """
    actor, plugin_id = await actor_of(request), request.path_params["plugin_id"]
    wanted = read_tryout(await body_of(request))
    execution, requested = await service.try_out(
        runs_of(request), actor, trace_of(request), plugin_id, wanted
    )
    return json_answer({**execution.shape(), "requested": requested})


async def _events(runs: service.Runs, actor: Actor, id: UUID) -> AsyncIterator[bytes]:
    async for news in service.follow(runs, actor, id):
        if news is None:
            yield HEARTBEAT
        else:
            kind, value = news
            yield event(kind, value.shape() if kind == "end" else value)


async def body_of(request: Request) -> bytes:
    """The body, read no further than the longest that could be taken."""
    most = deps_of(request).operator_cap.input_bytes + ENVELOPE_BYTES
    if hasattr(request, "_body"):
        return await request.body()
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            raise TaskTooLarge(f"The request has more than {most:,} bytes.")
    return bytes(received)


def runs_of(request: Request) -> service.Runs:
    """The executions of this process."""
    runs: service.Runs = request.app.state.runs
    return runs
