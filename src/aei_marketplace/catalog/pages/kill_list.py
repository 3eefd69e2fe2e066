"""Page of staff: what is blocked everywhere, the form that blocks a release, and the way to lift a block."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service
from aei_marketplace.catalog.errors import (
    NoKillListYet,
    PluginNotFound,
    ReleaseNotFound,
    StateChangeRefused,
)
from aei_marketplace.catalog.rules.kill_lists import Remembered
from aei_marketplace.catalog.service import ReleaseState, ReleaseView, SignedKillList
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault, Invalid, Refusal
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

KILL_LIST = "/admin/kill-list"


@dataclass(frozen=True, slots=True, kw_only=True)
class KillListPage(PageContext):
    """What is blocked.

    Attributes:
        signed: the list that is distributed; None until the job process has signed one.
        imported: the lists of other marketplaces that what comes is held against.
    """

    blocked: Sequence[ReleaseView]
    signed: SignedKillList | None
    imported: Sequence[Remembered]
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPage(PageContext):
    """One block, and the way to lift it."""

    release: ReleaseView
    form: Form


@router.get(KILL_LIST)
async def show_list(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, plugin: str = "", version: str = ""
) -> Response:
    """What is blocked. The fresh proof is asked for before a reason is typed, not after."""
    async with deps.works.begin(actor, trace) as work:
        work.actor.require("killlist.administer")
        work.actor.require_recent_proof(work.now)
    return await _page(request, actor, filled(plugin=plugin[:103], version=version[:64]))


@router.post(KILL_LIST)
async def block(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Block a release; whoever does it names it twice, since it stops everywhere within seconds."""
    actor.require("killlist.administer")
    plugin, version = form.text("plugin"), form.text("version")
    try:
        if form.text("confirmation") != f"{plugin} {version}":
            raise Invalid(
                "The form has a problem.", faults=[Fault("confirmation", f"type {plugin} {version}")]
            )
        await _move(deps, actor, trace, plugin, version, ReleaseState.BLOCKED, form.text("reason"))
    except (PluginNotFound, ReleaseNotFound, StateChangeRefused, Invalid) as refusal:
        return await _page(request, actor, form.refused(refusal), refusal)
    return _back(request, f"{plugin} {version} is blocked. Whatever ran of it stops within seconds.")


@router.get(KILL_LIST + "/{plugin_id}/{version}")
async def show_block(request: Request, plugin_id: str, version: str, actor: TheActor) -> Response:
    """One block."""
    return await _lift_page(request, actor, plugin_id, version, Form())


@router.post(KILL_LIST + "/{plugin_id}/{version}/lift")
async def lift(
    request: Request,
    plugin_id: str,
    version: str,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    form: TheForm,
) -> Response:
    """Take a release off the list; it is quarantined then, until a moderator lets it go."""
    actor.require("killlist.administer")
    try:
        await _move(deps, actor, trace, plugin_id, version, ReleaseState.QUARANTINED, form.text("reason"))
    except (StateChangeRefused, Invalid) as refusal:
        return await _lift_page(request, actor, plugin_id, version, form.refused(refusal), refusal)
    return _back(
        request, f"{plugin_id} {version} is off the list, and quarantined until somebody lets it go."
    )


async def _move(
    deps: Deps, actor: Actor, trace_id: str, plugin: str, version: str, state: ReleaseState, reason: str
) -> None:
    async with deps.works.begin(actor, trace_id) as work:
        await service.change_state(work, plugin, version, state, reason or None)


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        blocked = await service.list_blocked(work)
        try:
            signed = await service.find_kill_list(work)
        except NoKillListYet:
            signed = None
        imported = await service.list_imported(work)
    page = KillListPage(title="Kill list", blocked=blocked, signed=signed, imported=imported, form=form)
    return await render(request, "catalog/kill_list.html", page, refusal.status if refusal else 200)


async def _lift_page(
    request: Request,
    actor: Actor,
    plugin_id: str,
    version: str,
    form: Form,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        work.actor.require("killlist.administer")
        work.actor.require_recent_proof(work.now)
        release = await service.find_release(work, plugin_id, version)
    if release.state is not ReleaseState.BLOCKED:
        raise ReleaseNotFound(
            f"{plugin_id} {version} is not on the kill list.", advice="It may have been lifted."
        )
    page = LiftPage(
        title=f"{plugin_id} {version}", crumbs=(("Kill list", KILL_LIST),), release=release, form=form
    )
    return await render(request, "catalog/block.html", page, refusal.status if refusal else 200)


def _back(request: Request, text: str) -> Response:
    response = RedirectResponse(KILL_LIST, 303)
    leave_flash(request, response, Flash(text))
    return response
