"""Pages: choose an installed plugin, give it a task, start it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.executions import service
from aei_marketplace.executions.errors import NotInstalled
from aei_marketplace.executions.pages.paths import EXECUTIONS, RUN, page_of, runs_of, to
from aei_marketplace.executions.pages.tasks import Begun, TaskForm, as_task, task_form, typed
from aei_marketplace.executions.rules.requests import Wanted
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, NotFound, Refusal, TooLarge, TooMany
from aei_marketplace.ground.paging import LARGEST_LIMIT, PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.service import Described
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

_CRUMBS = (("Executions", EXECUTIONS),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosePage(PageContext):
    """The tenant's plugins, to choose one that is run.

    Attributes:
        releases: of them, by id, with name and icon; those that the tenant sees no more are left out.
        missing: a plugin that was asked for and is not installed.
    """

    installed: tuple[Described, ...]
    releases: Mapping[UUID, ReleaseView]
    total: int
    missing: str | None
    may_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage(PageContext):
    """The form that runs an installed plugin.

    Attributes:
        always_journalled: the installation's policy asks for a journal of each run.
        journal: whether one is to be kept of this run.
    """

    plugin_id: str
    release: ReleaseView
    enabled: bool
    task: TaskForm
    always_journalled: bool
    journal: bool
    may_run: bool


@router.get(RUN)
async def ask(
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    plugin: str = "",
    example: Annotated[int | None, Query()] = None,
    again: Annotated[UUID | None, Query()] = None,
) -> Response:
    """The form that runs a plugin; without one, the plugins to choose from."""
    async with deps.works.begin(actor, trace) as work:
        try:
            found = await _installed(work, plugin) if plugin else None
        except NotFound:
            found = None
        if found is None:
            page = await _choices(work, plugin or None)
            return await render(request, "executions/choose.html", page, 404 if plugin else 200)
        installation, release = found
        task = await task_form(work, deps.master_key, release.manifest, Begun(example, again))
    return await _page(request, actor, installation, release, task, filled(journal="on"))


@router.post(RUN)
async def run(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Start a plugin; what comes of it stands on the execution's own page."""
    plugin_id = form.text("plugin")
    async with deps.works.begin(actor, trace) as work:
        actor.require("plugin.execute")
        installation, release = await _installed(work, plugin_id)
    answer, task = typed(release.manifest, form)
    if answer.again:
        return await _page(request, actor, installation, release, task, form)
    try:
        wanted = Wanted(task=as_task(answer), mode="async", journal=form.ticked("journal"))
        execution = await service.execute_later(runs_of(request), actor, trace, plugin_id, wanted)
    except (Invalid, Conflict, TooLarge, TooMany) as refusal:
        shown = task.refused(answer, refusal, form)
        return await _page(request, actor, installation, release, shown, form, refusal)
    return to(request, page_of(execution.id))


async def _page(
    request: Request,
    actor: Actor,
    installation: Described,
    release: ReleaseView,
    task: TaskForm,
    form: Form,
    refusal: Refusal | None = None,
) -> Response:
    page = RunPage(
        title=f"Run {release.manifest.document['name']}",
        crumbs=_CRUMBS,
        plugin_id=release.plugin_id,
        release=release,
        enabled=installation.installation.enabled,
        task=task,
        always_journalled=bool(installation.installation.policy.get("journal")),
        journal=form.ticked("journal"),
        may_run=actor.may("plugin.execute"),
    )
    return await render(request, "executions/run.html", page, refusal.status if refusal else 200)


async def _installed(work: Work, plugin_id: str) -> tuple[Described, ReleaseView]:
    """The tenant's installation, with its release.

    Raises:
        NotFound: it is not installed, or its release is not shared any more.
    """
    described = await installations.find_installation(work, plugin_id)
    id = described.installation.release_id
    release = (await catalog.releases_by_id(work, [id])).get(id)
    if release is None:
        raise NotInstalled(f"{plugin_id} is no longer shared with your tenant.")
    return described, release


async def _choices(work: Work, missing: str | None) -> ChoosePage:
    found = await installations.list_installations(work, PageWanted(LARGEST_LIMIT))
    enabled = tuple(each for each in found.items if each.installation.enabled)
    return ChoosePage(
        title="Run a plugin",
        crumbs=_CRUMBS,
        installed=enabled,
        releases=await catalog.releases_by_id(work, [each.installation.release_id for each in enabled]),
        total=found.total,
        missing=missing,
        may_run=work.actor.may("plugin.execute"),
    )
