"""Installed plugins of kind `model`, asked by callers of the common API and by other guests."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.catalog import service as catalog
from aei_marketplace.executions.errors import (
    Malformed,
    ModelAnswerUnfit,
    ModelFailed,
    NoSuchModel,
    NotInstalled,
    TaskTooLarge,
    TaskUnfit,
    TooDeep,
)
from aei_marketplace.executions.rules.models import (
    ModelRequest,
    failure_words,
    model_answer,
    model_shape,
)
from aei_marketplace.executions.rules.requests import Wanted
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.run import Run
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.service.starting import execute, find_installed
from aei_marketplace.executions.service.within import execute_within, tokens_used
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import LARGEST_LIMIT, PageWanted
from aei_marketplace.ground.ports import ModelCall, ModelKind, ModelReply, model_failure
from aei_marketplace.ground.tokens import estimate
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_protocol.outcomes import Outcome

MODEL = "model"


async def ask_model(
    runs: Runs, actor: Actor, trace_id: str, kind: ModelKind, request: ModelRequest
) -> dict[str, Any]:
    """Run the plugin that a request names as its model; its answer in the common shape.

    Raises:
        NotAllowed: the actor may not execute.
        NoSuchModel: no plugin of kind `model` is installed under this id.
        ModelFailed, ModelAnswerUnfit: it ended without an answer, or with another thing than one.
        Refusal: everything that `execute` raises.
    """
    actor.require("plugin.execute")
    if not await _is_model(runs, actor, request.model):
        raise NoSuchModel(f"No plugin {request.model[:120]!r} of kind model is installed in your tenant.")
    wanted = Wanted(task=msgspec.Raw(request.task))
    execution = await execute(runs, actor, trace_id, request.model, wanted)
    return _answer(kind, execution, len(request.task))


async def list_models(work: Work) -> list[dict[str, Any]]:
    """The tenant's enabled plugins of kind `model`.

    Raises:
        NotAllowed: the actor may not browse.
    """
    models, after = [], None
    while True:
        page = await installations.list_installations(work, PageWanted(LARGEST_LIMIT, after))
        enabled = [d.installation for d in page.items if d.installation.enabled]
        releases = await catalog.releases_by_id(work, [i.release_id for i in enabled])
        for installation in enabled:
            release = releases.get(installation.release_id)
            if release is not None and release.kind == MODEL:
                installed_at = installation.created_at.timestamp()
                models.append(model_shape(release.plugin_id, installed_at, release.publisher_name))
        if page.next_cursor is None:
            return models
        after = page.items[-1].installation.plugin_id


def model_runner(runs: Runs) -> Callable[[ModelCall, str], Awaitable[ModelReply | None]]:
    """Answers the calls of guests that name an installed plugin (see `ground.plugin_models`)."""

    async def run(call: ModelCall, plugin_id: str) -> ModelReply | None:
        asking = runs.running.get(UUID(call.execution))
        if asking is None:
            return model_failure("failed", "the execution has ended")
        if not await _is_model(runs, asking.actor, plugin_id):
            return None
        return await _answer_guest(runs, asking, call, plugin_id)

    return run


async def _answer_guest(runs: Runs, asking: Run, call: ModelCall, plugin_id: str) -> ModelReply:
    request = call.request.encode()
    room = call.tokens_left - estimate(len(request))
    if room < 1:
        return model_failure(
            "budget", f"the request alone costs more than the {call.tokens_left} tokens left"
        )
    try:
        execution = await execute_within(runs, asking, plugin_id, request, most_tokens=room)
    except (TaskTooLarge, TaskUnfit, Malformed, Invalid) as refusal:
        return model_failure("invalid", refusal.detail)
    except (TooDeep, NotInstalled) as refusal:
        return model_failure("denied", refusal.detail)
    except Refusal as refusal:
        return model_failure("failed", refusal.detail)
    return _as_reply(call, execution, len(request))


def _as_reply(call: ModelCall, execution: Execution, request_bytes: int) -> ModelReply:
    spent = tokens_used(execution)
    try:
        answer = _answer(call.kind, execution, request_bytes)
    except (ModelFailed, ModelAnswerUnfit) as refusal:
        return model_failure("failed", refusal.detail, spent + estimate(request_bytes))
    tokens = spent + answer["usage"]["total_tokens"]
    if tokens > call.tokens_left:
        return model_failure("budget", "the answer costs more than the tokens left", tokens)
    return ModelReply(msgspec.json.encode(answer).decode(), tokens)


def _answer(kind: ModelKind, execution: Execution, request_bytes: int) -> dict[str, Any]:
    if execution.outcome != Outcome.OK:
        raise ModelFailed(execution.id, failure_words(execution))
    return model_answer(kind, execution, request_bytes)


async def _is_model(runs: Runs, actor: Actor, plugin_id: str) -> bool:
    terms = await find_installed(runs, actor.in_tenant(), plugin_id)
    if terms is None:
        return False
    release = await runs.releases.find(runs.deps.works, actor, terms.release_id)
    return release is not None and release.manifest.kind == MODEL
