"""Pages: try a plugin out before it is installed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.executions import service
from aei_marketplace.executions.pages.paths import TRY, page_of, runs_of, to
from aei_marketplace.executions.pages.tasks import Begun, TaskForm, as_task, task_form, typed
from aei_marketplace.executions.rules.tryouts import OF_A_USER, TRYOUT_CAP, TryWanted
from aei_marketplace.executions.rules.words import duration
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, Refusal, TooLarge, TooMany
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.forms import FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_protocol.limits import Limits

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPage(PageContext):
    """The form that tries a release out.

    Attributes:
        version: the one that was asked for; empty for the latest.
        asks_for: names of the permissions that the release requests; a try-out holds none.
        time: how long it may run, in words.
        left: how many try-outs may start at once now; None for who may start none.
    """

    plugin_id: str
    release: ReleaseView
    version: str
    task: TaskForm
    asks_for: tuple[str, ...]
    limits: Limits
    time: str
    left: int | None
    a_minute: int
    may_run: bool


@router.get(TRY)
async def ask(
    plugin_id: str,
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    version: str = "",
    example: Annotated[int | None, Query()] = None,
    again: Annotated[UUID | None, Query()] = None,
) -> Response:
    """The form; it begins with the release's first example."""
    async with deps.works.begin(actor, trace) as work:
        release = await catalog.find_release(work, plugin_id, version or None)
        first = 0 if example is None and again is None else example
        task = await task_form(work, deps.master_key, release.manifest, Begun(first, again))
    return await _page(request, actor, release, version, task)


@router.post(TRY)
async def try_out(
    plugin_id: str, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Start a try-out; what comes of it stands on the execution's own page."""
    version = form.text("version")
    async with deps.works.begin(actor, trace) as work:
        actor.require("plugin.execute")
        release = await catalog.find_release(work, plugin_id, version or None)
    answer, task = typed(release.manifest, form)
    if answer.again:
        return await _page(request, actor, release, version, task)
    try:
        wanted = TryWanted(version=version or None, task=as_task(answer))
        execution = await service.try_out_later(runs_of(request), actor, trace, plugin_id, wanted)
    except (Invalid, Conflict, TooLarge, TooMany) as refusal:
        shown = task.refused(answer, refusal, form)
        return await _page(request, actor, release, version, shown, refusal)
    return to(request, page_of(execution.id))


async def _page(
    request: Request,
    actor: Actor,
    release: ReleaseView,
    version: str,
    task: TaskForm,
    refusal: Refusal | None = None,
) -> Response:
    runs, name = runs_of(request), str(release.manifest.document["name"])
    may_run = actor.may("plugin.execute") and not actor.staff
    asked: Mapping[str, object] = release.manifest.permissions
    limits = runs.deps.operator_cap.capped(TRYOUT_CAP)
    page = TryPage(
        title=f"Try {name}",
        crumbs=(("Marketplace", "/marketplace"), (name, f"/marketplace/{release.plugin_id}")),
        plugin_id=release.plugin_id,
        release=release,
        version=version,
        task=task,
        asks_for=tuple(sorted(asked)),
        limits=limits,
        time=duration(limits.wall_ms),
        left=service.tryouts_left(runs, actor) if may_run else None,
        a_minute=OF_A_USER.executions_per_minute,
        may_run=may_run,
    )
    return await render(request, "executions/try.html", page, refusal.status if refusal else 200)
