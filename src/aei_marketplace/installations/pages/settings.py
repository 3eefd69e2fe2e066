"""Page: one installation with its grants, its configuration and how it is kept up to date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import NotAdmitted, Stale
from aei_marketplace.installations.pages.answers import INSTALLED
from aei_marketplace.installations.pages.bounds import Bound, bounds_below, filled_limits, typed_limits
from aei_marketplace.installations.pages.configuring import config_form, configuration
from aei_marketplace.installations.rules.consent import Permission, answered, given, permissions_of
from aei_marketplace.installations.rules.limits import effective_limits
from aei_marketplace.installations.rules.updates import Updates
from aei_marketplace.installations.service import Change, Surveyed
from aei_marketplace.web.requests import TheActor, deps_of, trace_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.shell.schema_forms import Field

router = APIRouter(route_class=FormRoute, include_in_schema=False)

_ONE = INSTALLED + "/{plugin_id}"
#: How a policy of updates reads in a list; empty leaves it to the tenant's policy.
MODES = (
    ("", "As the tenant's policy says"),
    (Updates.OFF, "Off: a person decides"),
    (Updates.SECURITY, "Security releases that stay compatible"),
    (Updates.COMPATIBLE, "Compatible releases"),
    (Updates.ALL, "Every release"),
)
#: How a channel reads in a list.
CHANNELS = (("stable", "Stable releases"), ("preview", "Previews too"))
_UNTOUCHED = Form()


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage(PageContext):
    """One installation.

    Attributes:
        config: the form of its configuration; None when it takes none.
        etag: what the forms are based on: who saw something older changes nothing.
        bounds: what each limit is at most, by its author's wish, the tenant and the operator.
        limits: the form of the limits.
        part: which form came back, `grants`, `configuration`, `limits` or `policy`.
        hindrance: why the reader changes nothing here; None when they may.
    """

    surveyed: Surveyed
    permissions: tuple[Permission, ...]
    config: Field | None
    etag: str
    hindrance: str | None
    bounds: tuple[Bound, ...]
    limits: Form
    part: str = ""
    form: Form = field(default_factory=Form)
    modes: tuple[tuple[str, str], ...] = MODES
    channels: tuple[tuple[str, str], ...] = CHANNELS


@router.get(_ONE)
async def show(request: Request, plugin_id: str, actor: TheActor) -> Response:
    """One installation."""
    return await _page(request, actor, await _find(request, actor, plugin_id))


@router.post(_ONE + "/grants")
async def change_grants(request: Request, plugin_id: str, actor: TheActor, form: TheForm) -> Response:
    """Grant more, less or nothing; the next run goes by it."""
    found = await _find(request, actor, plugin_id)
    if found.release is None:
        raise NotAdmitted(f"{plugin_id} is no longer shared with your tenant.")
    change = Change(grants=given(form.every, found.release.manifest))
    try:
        return await _change(request, actor, found, form, "grants", change)
    except Invalid as refusal:
        return await _page(request, actor, found, form, "grants", refusal=refusal)


@router.post(_ONE + "/configuration")
async def change_configuration(request: Request, plugin_id: str, actor: TheActor, form: TheForm) -> Response:
    """Configure it."""
    found = await _find(request, actor, plugin_id)
    if found.release is None:
        raise NotAdmitted(f"{plugin_id} is no longer shared with your tenant.")
    answer = config_form(found.release).read(form)
    if answer.again:
        return await _page(request, actor, found, form, "configuration", answer.field)
    try:
        change = Change(config=configuration(answer))
        return await _change(request, actor, found, form, "configuration", change)
    except Invalid as refusal:
        shown = answer.refused(refusal).field
        return await _page(request, actor, found, form, "configuration", shown, refusal)


@router.post(_ONE + "/limits")
async def change_limits(request: Request, plugin_id: str, actor: TheActor, form: TheForm) -> Response:
    """Lower what each of its runs may use, or leave that to its author, the tenant and the operator."""
    found = await _find(request, actor, plugin_id)
    limits, faults = typed_limits(form)
    try:
        if faults:
            raise Invalid("The limits are not understood.", faults=faults)
        policy = {name: value for name, value in found.installation.policy.items() if name != "limits"}
        change = Change(policy={**policy, **({"limits": limits} if limits else {})})
        return await _change(request, actor, found, form, "limits", change)
    except Invalid as refusal:
        return await _page(request, actor, found, form, "limits", refusal=refusal)


@router.post(_ONE + "/policy")
async def change_policy(request: Request, plugin_id: str, actor: TheActor, form: TheForm) -> Response:
    """Decide which releases it takes and how, and whether its runs are kept for replays."""
    found = await _find(request, actor, plugin_id)
    policy = _policy(found.installation.policy, form)
    change = Change(policy=policy, pinned=form.ticked("pinned"), channel=form.text("channel") or None)
    try:
        return await _change(request, actor, found, form, "policy", change)
    except Invalid as refusal:
        return await _page(request, actor, found, form, "policy", refusal=refusal)


async def _change(
    request: Request, actor: Actor, found: Surveyed, form: Form, part: str, change: Change
) -> Response:
    plugin_id = found.installation.plugin_id
    try:
        async with deps_of(request).works.begin(actor, trace_of(request)) as work:
            await service.change(work, plugin_id, change, form.text("etag") or None)
    except Stale as refusal:
        return await _page(request, actor, found, form, part, refusal=refusal)
    response = RedirectResponse(f"{INSTALLED}/{plugin_id}", 303)
    leave_flash(request, response, Flash(_DONE[part]))
    return response


_DONE = {
    "grants": "The permissions are changed. The next run goes by them; what runs now goes on as it began.",
    "configuration": "The configuration is kept. The next run is given it.",
    "limits": "The limits hold from the next run on.",
    "policy": "It is kept as you decided.",
}


def _policy(present: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The policy with what the form says; limits stay as they are."""
    policy = {key: value for key, value in present.items() if key not in ("updates", "journal")}
    if mode := form.text("updates"):
        policy["updates"] = mode
    if form.ticked("journal"):
        policy["journal"] = True
    return policy


async def _find(request: Request, actor: Actor, plugin_id: str) -> Surveyed:
    deps = deps_of(request)
    async with deps.works.begin(actor, trace_of(request)) as work:
        return await service.find_surveyed(work, deps.aei_version, plugin_id)


async def _page(
    request: Request,
    actor: Actor,
    found: Surveyed,
    form: Form = _UNTOUCHED,
    part: str = "",
    config: Field | None = None,
    refusal: Refusal | None = None,
) -> Response:
    installation = found.installation
    if isinstance(refusal, Stale):
        # What was typed was meant for another state: the page shows the present one.
        found = await _find(request, actor, installation.plugin_id)
        installation, form = found.installation, _UNTOUCHED
    permissions = permissions_of(found.release.manifest, installation.grants) if found.release else ()
    if part == "grants" and form is not _UNTOUCHED:
        permissions = answered(permissions, form.every)
    if config is None and found.release and found.release.manifest.document.get("config_schema"):
        shape = config_form(found.release)
        config = shape.show(dict(installation.config)) if installation.config else shape.show()
    shown = form.refused(refusal) if refusal else form
    kept = filled_limits(installation.policy.get("limits", {}))
    page = SettingsPage(
        title=found.name,
        crumbs=(("Installed", INSTALLED),),
        surveyed=found,
        permissions=permissions,
        config=config,
        etag=installation.etag,
        hindrance=service.hindrance_of(actor),
        bounds=await _bounds(request, actor, found),
        limits=shown if part == "limits" and form is not _UNTOUCHED else kept,
        part=part,
        form=shown,
    )
    return await render(request, "installations/settings.html", page, refusal.status if refusal else 200)


async def _bounds(request: Request, actor: Actor, found: Surveyed) -> tuple[Bound, ...]:
    """What holds already; nothing where the release is hidden from the tenant by now."""
    if found.release is None:
        return ()
    deps = deps_of(request)
    async with deps.works.begin(actor, trace_of(request)) as work:
        policies = await accounts.policies_in_force(work)
    tenants = policies.get("limits", {})
    return bounds_below(effective_limits(found.release.manifest.limits, deps.operator_cap, tenants))
