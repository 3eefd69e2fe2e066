"""Pages: one execution, live while it runs; cancel it, replay it, run it again, take its output along."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.executions import service
from aei_marketplace.executions.errors import NoSuchExecution, NotInstalled
from aei_marketplace.executions.pages.paths import EXECUTIONS, page_of, runs_of, to
from aei_marketplace.executions.rules.outputs import Output, laid_out, laid_out_log, plain
from aei_marketplace.executions.rules.requests import Wanted
from aei_marketplace.executions.rules.tryouts import TryWanted
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.rules.words import (
    End,
    Measure,
    Refused,
    duration,
    end_of,
    measures,
    refusals,
    used_permissions,
    wall_words,
)
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, NotFound, Refusal, TooMany
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import HEARTBEAT, event, events_answer
from aei_marketplace.web.shell.flashes import Flash
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import SAFE_HEADERS, PageContext, render

router = APIRouter(route_class=FormRoute)

_PAGE = EXECUTIONS + "/{id}"
#: What a person gave the task of, and so may give again.
_GIVEN = ("sync", "async", "try")
#: A level of the log as a badge's meaning.
_LEVELS = {"error": "danger", "warn": "warn", "warning": "warn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionPage(PageContext):
    """One execution.

    Attributes:
        who: the name of whoever started it.
        took: how long it ran, or has run so far, in words.
        elapsed_ms: so long it has run.
        lines: of the log, the last ones; `{at, level, meaning, message}`.
        lines_left_out: how many stand before them.
        divergence: where a replay left its journal: `{call, expected, got, detail}`.
        icon: the path of the plugin's icon; None for letters.
        again: where the task can be changed and sent again; None where it was not kept.
    """

    execution: Execution
    icon: str | None
    end: End
    problem: str | None
    who: str
    took: str
    elapsed_ms: int
    lines: tuple[Mapping[str, Any], ...]
    lines_left_out: int
    output: Output | None
    measures: tuple[Measure, ...]
    used: Sequence[str]
    refusals: tuple[Refused, ...]
    walls: tuple[tuple[str, str], ...]
    divergence: Mapping[str, Any] | None
    may_run: bool
    may_install: bool
    again: str | None


@router.get(_PAGE)
async def show(id: UUID, request: Request, actor: TheActor, trace: TheTrace) -> Response:
    """One execution."""
    execution, lines = await service.read_log(runs_of(request), actor, trace, id)
    async with runs_of(request).deps.works.begin(actor, trace) as work:
        release = await _release(work, execution)
        names = await accounts.names_of(work, [execution.actor_id])
        elapsed = (execution.ended_at or work.now) - execution.started_at
    page = _page(execution, lines, actor, release, int(elapsed.total_seconds() * 1000), names)
    return await render(request, "executions/execution.html", page)


@router.get(_PAGE + "/live")
async def follow(id: UUID, request: Request, actor: TheActor) -> Response:
    """Server-sent events: `progress` {fraction, message}, `log` {at_ms, level, message}, last `end`."""
    await service.read_execution(runs_of(request).deps.works, actor, id)
    return events_answer(_events(runs_of(request), actor, id))


@router.get(_PAGE + "/output")
async def take_output(id: UUID, request: Request, actor: TheActor) -> Response:
    """The whole output as a file, byte for byte."""
    execution = await service.read_execution(runs_of(request).deps.works, actor, id)
    if execution.output is None:
        raise NoSuchExecution(f"Execution {id} has no output, or not any more.")
    return _file(f"{id}.json" if _is_json(execution.output) else f"{id}.txt", execution.output)


@router.get(_PAGE + "/log")
async def take_log(id: UUID, request: Request, actor: TheActor, trace: TheTrace) -> Response:
    """The whole log as a file, one JSON object a line."""
    _, lines = await service.read_log(runs_of(request), actor, trace, id)
    return _file(f"{id}-log.jsonl", b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


@router.post(_PAGE + "/cancel")
async def cancel(id: UUID, request: Request, actor: TheActor) -> Response:
    """End a running execution."""
    try:
        await service.cancel(runs_of(request), actor, id)
    except Conflict as refusal:
        return _back(request, id, refusal)
    return to(request, page_of(id), Flash("It is being cancelled."))


@router.post(_PAGE + "/replay")
async def replay(id: UUID, request: Request, actor: TheActor, trace: TheTrace) -> Response:
    """Run an execution again as its journal tells it."""
    try:
        started = await service.replay_later(runs_of(request), actor, trace, id)
    except (Conflict, TooMany) as refusal:
        return _back(request, id, refusal)
    return to(request, page_of(started.id))


@router.post(_PAGE + "/again")
async def run_again(id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Send the same task once more, under what is granted and allowed now."""
    actor.require("plugin.execute")
    runs = runs_of(request)
    try:
        async with deps.works.begin(actor, trace) as work:
            earlier, text = await service.find_task(work, deps.master_key, id)
        task = msgspec.Raw(text.encode())
        if earlier.mode == "try":
            tried = TryWanted(version=earlier.version, task=task)
            started = await service.try_out_later(runs, actor, trace, earlier.plugin_id, tried)
        else:
            wanted = Wanted(task=task, mode="async", journal=True)
            started = await service.execute_later(runs, actor, trace, earlier.plugin_id, wanted)
    except (Conflict, TooMany, NotInstalled) as refusal:
        return _back(request, id, refusal)
    return to(request, page_of(started.id))


def _page(
    execution: Execution,
    lines: Sequence[Mapping[str, Any]],
    actor: Actor,
    release: ReleaseView | None,
    elapsed_ms: int,
    names: Mapping[UUID, str],
) -> ExecutionPage:
    shown, left_out = laid_out_log(lines)
    may_install = actor.may("plugin.install")
    requested = list(release.manifest.permissions) if release else None
    return ExecutionPage(
        title=f"{execution.plugin_id} {execution.version}",
        crumbs=(("Executions", EXECUTIONS),),
        execution=execution,
        icon=release.icon if release else None,
        end=end_of(execution.outcome),
        problem=None if execution.problem is None else plain(execution.problem),
        who=names.get(execution.actor_id, "Somebody"),
        took=duration(elapsed_ms),
        elapsed_ms=elapsed_ms,
        lines=tuple({**line, "meaning": _LEVELS.get(str(line["level"]).lower(), "")} for line in shown),
        lines_left_out=left_out,
        output=None if execution.output is None else laid_out(execution.output),
        measures=measures(execution),
        used=used_permissions(execution),
        refusals=refusals(execution, requested, may_grant=may_install),
        walls=wall_words(execution.walls),
        divergence=None if execution.divergence is None else msgspec.json.decode(execution.divergence),
        may_run=actor.may("plugin.execute"),
        may_install=may_install,
        again=_again(execution, actor),
    )


def _again(execution: Execution, actor: Actor) -> str | None:
    given = execution.mode in _GIVEN and execution.actor_id == actor.id
    if not given or execution.journal != "kept" or not actor.may("plugin.execute"):
        return None
    if execution.mode == "try":
        return f"/marketplace/{execution.plugin_id}/try?version={execution.version}&again={execution.id}"
    return f"{EXECUTIONS}/new?plugin={execution.plugin_id}&again={execution.id}"


async def _release(work: Work, execution: Execution) -> ReleaseView | None:
    """What ran; None when the tenant sees it no more."""
    try:
        return await catalog.find_release(work, execution.plugin_id, execution.version)
    except NotFound:
        return None


async def _events(runs: service.Runs, actor: Actor, id: UUID) -> AsyncIterator[bytes]:
    async for news in service.follow(runs, actor, id):
        if news is None:
            yield HEARTBEAT
        else:
            kind, value = news
            yield event(kind, {} if kind == "end" else value)


def _is_json(output: bytes) -> bool:
    try:
        msgspec.json.decode(output)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _file(name: str, content: bytes) -> Response:
    """A guest's words to be kept, never to be opened here."""
    headers = {**SAFE_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    headers["Cache-Control"] = "no-store"
    return Response(content, headers=headers, media_type="application/octet-stream")


def _back(request: Request, id: UUID, refusal: Refusal) -> Response:
    return to(request, page_of(id), Flash(f"{refusal.detail} {refusal.next_step}".strip(), "warn"))
