"""Pages: one plugin with its releases, and one release with its state, live while it is processed."""

import hashlib
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service
from aei_marketplace.catalog.errors import ReleaseChanged, StateChangeRefused
from aei_marketplace.catalog.pages.words import PUBLISHER, STATE_WORDS, StateWords
from aei_marketplace.catalog.rules.states import DOUBTED
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Fault, Invalid, Refusal
from aei_marketplace.ground.paging import Page, PageWanted
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

PLUGIN = PUBLISHER + "/{plugin_id}"
RELEASE = PLUGIN + "/{version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPluginPage(PageContext):
    """A plugin with all its releases, the highest version first."""

    plugin_id: str
    releases: tuple[ReleaseView, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    words: dict[ReleaseState, StateWords] = field(default_factory=lambda: STATE_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReleasePage(PageContext):
    """A release, and what its publisher can do with it.

    Attributes:
        seen: names what the form was filled with; a change in between is not overwritten.
        moves: the states that it can be moved to.
        decided: staff have deprecated or yanked it, which its publisher does not take back.
    """

    release: ReleaseView
    words: StateWords
    moves: tuple[str, ...]
    decided: bool
    seen: str
    form: Form


@router.get(PLUGIN)
async def show_plugin(request: Request, plugin_id: str, actor: TheActor, wanted: ThePage) -> Response:
    """A plugin of the tenant."""
    found = await _releases(request, actor, plugin_id, wanted)
    page = OwnPluginPage(
        title=plugin_id,
        crumbs=(("Publisher", PUBLISHER),),
        plugin_id=plugin_id,
        releases=tuple(found.items),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "cursor"),
    )
    return await render(request, "catalog/own_plugin.html", page)


@router.get(RELEASE)
async def show_release(request: Request, plugin_id: str, version: str, actor: TheActor) -> Response:
    """A release of the tenant."""
    return await _page(request, actor, plugin_id, version, Form())


@router.get(RELEASE + "/state")
async def show_state(request: Request, plugin_id: str, version: str, actor: TheActor) -> Response:
    """Only how it stands, for a page that waits; it is loaded anew once the release has settled."""
    release = await _release(request, actor, plugin_id, version)
    if release.state is not ReleaseState.PROCESSING:
        return Response(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})
    return await render(request, "catalog/release_state.html", _shown(release, frozenset(), Form()))


@router.post(RELEASE + "/state")
async def change_state(
    request: Request,
    plugin_id: str,
    version: str,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    form: TheForm,
) -> Response:
    """Deprecate, yank or list again, unless the release has moved meanwhile."""
    try:
        wanted = _wanted(form)
        async with deps.works.begin(actor, trace) as work:
            release = await service.require_own_release(work, plugin_id, version)
            if form.text("seen") != seen_of(release):
                raise ReleaseChanged("The release has moved since you opened its page.")
            reason, replacement = form.text("reason") or None, form.text("replacement") or None
            await service.change_state(work, plugin_id, version, wanted, reason, replacement)
    except (Invalid, StateChangeRefused, ReleaseChanged) as refusal:
        return await _page(request, actor, plugin_id, version, form.refused(refusal), refusal)
    response = RedirectResponse(f"{PUBLISHER}/{plugin_id}/{version}", 303)
    leave_flash(
        request, response, Flash(f"{plugin_id} {version} is {wanted} now. Who has it installed is told.")
    )
    return response


def seen_of(release: ReleaseView) -> str:
    """Names a release's state and what is said about it."""
    said = f"{release.state} {release.state_reason} {release.replacement} {release.state_changed_at}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _wanted(form: Form) -> ReleaseState:
    try:
        return ReleaseState(form.text("state"))
    except ValueError as error:
        raise Invalid("The form has a problem.", faults=[Fault("state", "choose one")]) from error


async def _releases(request: Request, actor: Actor, plugin_id: str, wanted: PageWanted) -> Page:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        await service.require_own_plugin(work, plugin_id)
        return await service.list_releases(work, plugin_id, wanted)


async def _release(request: Request, actor: Actor, plugin_id: str, version: str) -> ReleaseView:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        return await service.require_own_release(work, plugin_id, version)


def _shown(release: ReleaseView, moves: frozenset[ReleaseState], form: Form) -> OwnReleasePage:
    return OwnReleasePage(
        title=f"{release.plugin_id} {release.version}",
        crumbs=(("Publisher", PUBLISHER), (release.plugin_id, f"{PUBLISHER}/{release.plugin_id}")),
        release=release,
        words=STATE_WORDS[release.state],
        moves=tuple(str(state) for state in ReleaseState if state in moves),
        decided=release.state in DOUBTED and ReleaseState.LISTED not in moves,
        seen=seen_of(release),
        form=form,
    )


async def _page(
    request: Request,
    actor: Actor,
    plugin_id: str,
    version: str,
    form: Form,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        release = await service.require_own_release(work, plugin_id, version)
        moves = await service.publisher_moves(work, release)
    status = refusal.status if refusal else 200
    return await render(request, "catalog/own_release.html", _shown(release, moves, form), status)
