"""Pages: install, update, uninstall, switch on and off; at once, or after a look at what it means."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.billing import service as billing
from aei_marketplace.billing.errors.purchases import PaymentRequired
from aei_marketplace.billing.rules.prices import Price, seen_price
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, Refusal
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import AlreadyAtVersion, NotInstalled, Stale
from aei_marketplace.installations.pages.answers import (
    INSTALLED,
    in_dialog,
    led_away,
    standing,
    to_operation,
)
from aei_marketplace.installations.pages.configuring import config_form, configuration
from aei_marketplace.installations.rules.consent import given
from aei_marketplace.installations.rules.requests import Along, Wish
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service import Departure, Prospect
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render, wants_part
from aei_marketplace.web.shell.returning import safe_path
from aei_marketplace.web.shell.schema_forms import Answer, Field

router = APIRouter(route_class=FormRoute, include_in_schema=False)

_PLUGIN = "/marketplace/{plugin_id}"
_REQUESTS = {"install": service.request_install, "update": service.request_update}

_UNTOUCHED = Form()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage(PageContext):
    """An installation or an update to decide about.

    Attributes:
        verb: `install` or `update`.
        config: the form of the configuration, where the release does not do without.
        version, channel: what was named, empty where nothing was.
    """

    verb: str
    prospect: Prospect
    form: Form = field(default_factory=Form)
    config: Field | None = None
    channel: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeparturePage(PageContext):
    """The end of an installation to decide about."""

    departure: Departure


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedPage(PageContext):
    """A switch; `said` is what there is to say about it."""

    installation: Installation
    said: str


@router.get(_PLUGIN + "/install")
async def ask_install(
    request: Request,
    plugin_id: str,
    actor: TheActor,
    version: str = "",
    channel: str = "",
    again: UUID | None = None,
) -> Response:
    """What an installation means; `again` is an attempt whose answers the dialog begins with."""
    wish = Wish(version or None, channel or None)
    return await _ask(request, actor, plugin_id, "install", wish, again)


@router.get(_PLUGIN + "/update")
async def ask_update(
    request: Request, plugin_id: str, actor: TheActor, version: str = "", again: UUID | None = None
) -> Response:
    """What an update means: the difference first."""
    return await _ask(request, actor, plugin_id, "update", Wish(version or None), again)


@router.get(_PLUGIN + "/uninstall")
async def ask_uninstall(
    request: Request, plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """What the end of an installation means."""
    async with deps.works.begin(actor, trace) as work:
        departure = await service.find_departure(work, plugin_id)
    crumbs = _crumbs(departure.name, plugin_id)
    page = DeparturePage(title=f"Uninstall {departure.name}", crumbs=crumbs, departure=departure)
    return await render(request, "installations/departure.html", page, part=wants_part(request))


@router.post(_PLUGIN + "/install")
async def install(request: Request, plugin_id: str, actor: TheActor, form: TheForm) -> Response:
    """Install, at once or with what was decided in the dialog."""
    return await _carry_out(request, actor, plugin_id, "install", form)


@router.post(_PLUGIN + "/update")
async def update(request: Request, plugin_id: str, actor: TheActor, form: TheForm) -> Response:
    """Update, the same way."""
    return await _carry_out(request, actor, plugin_id, "update", form)


@router.post(_PLUGIN + "/uninstall")
async def uninstall(
    request: Request, plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Uninstall."""
    try:
        async with deps.works.begin(actor, trace) as work:
            operation = await service.find_under_way(work, plugin_id)
            if operation is None:
                asked = await service.request_uninstall(work, plugin_id, purge=form.ticked("purge"))
                operation = asked.operation
    except NotInstalled as refusal:
        return await standing(request, actor, plugin_id, refusal)
    return to_operation(operation.id)


@router.post(_PLUGIN + "/toggle")
async def toggle(
    request: Request, plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Switch on or off; whoever saw an older state is shown the present one."""
    enabled, refusal = form.text("enabled") == "yes", None
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.toggle(work, plugin_id, enabled=enabled, if_match=form.text("etag") or None)
    except NotInstalled as gone:
        return await standing(request, actor, plugin_id, gone)
    except Stale as stale:
        refusal = stale
    if wants_part(request):
        return await _switched(request, actor, plugin_id, refusal)
    response = RedirectResponse(safe_path(form.text("next"), INSTALLED), 303)
    done = f"{plugin_id} is switched on." if enabled else f"{plugin_id} is switched off. What runs finishes."
    late = f"{plugin_id} was changed meanwhile. The page shows how it stands now."
    leave_flash(request, response, Flash(late, "warn") if refusal else Flash(done))
    return response


async def _switched(request: Request, actor: Actor, plugin_id: str, refusal: Refusal | None) -> Response:
    """The switch as it stands now, in the place of the one that was used."""
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        found = await service.find_installation(work, plugin_id)
    said = "It was changed meanwhile; this is how it stands." if refusal else ""
    page = SwitchedPage(title=plugin_id, installation=found.installation, said=said)
    status = refusal.status if refusal else 200
    return await render(request, "installations/switched.html", page, status, part=True)


async def _ask(
    request: Request, actor: Actor, plugin_id: str, verb: str, wish: Wish, again: UUID | None
) -> Response:
    deps = deps_of(request)
    try:
        async with deps.works.begin(actor, trace_of(request)) as work:
            if again is not None:
                wish = await service.find_wish(work, again, plugin_id) or wish
            prospect = await service.find_prospect(work, deps.aei_version, plugin_id, wish)
    except AlreadyAtVersion as refusal:
        return await standing(request, actor, plugin_id, refusal)
    if verb == "install" and prospect.plan.present is not None:
        return led_away(request, f"{INSTALLED}/{plugin_id}")
    if verb == "update" and prospect.plan.present is None:
        return led_away(request, f"/marketplace/{plugin_id}/install")
    form = config_form(prospect.plan.release)
    shown = form.show(prospect.config) if prospect.config else form.show()
    return await _consent(request, verb, prospect, wish, shown if prospect.needs_config else None)


async def _carry_out(request: Request, actor: Actor, plugin_id: str, verb: str, form: Form) -> Response:
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        running = await service.find_under_way(work, plugin_id)
    if running is not None:
        return to_operation(running.id)
    wish = Wish(form.text("version") or None, form.text("channel") or None, seen=form.text("seen") or None)
    try:
        if form.ticked("at_once"):
            return to_operation(await _request(request, actor, plugin_id, verb, wish))
        return await _decide(request, actor, plugin_id, verb, wish, form)
    except (Conflict, NotInstalled, PaymentRequired) as refusal:
        return await standing(request, actor, plugin_id, refusal)


async def _decide(
    request: Request, actor: Actor, plugin_id: str, verb: str, wish: Wish, form: Form
) -> Response:
    """Ask for what was decided in the dialog; or show it again, with what does not fit."""
    deps = deps_of(request)
    async with deps.works.begin(actor, trace_of(request)) as work:
        prospect = await service.find_prospect(work, deps.aei_version, plugin_id, wish)
    shape = config_form(prospect.plan.release)
    answer = shape.read(form) if form.ticked("configures") else None
    if answer is not None and answer.again:
        return in_dialog(await _consent(request, verb, prospect, wish, answer.field, form))
    try:
        wanted = _wanted(prospect, wish, form, answer)
        operation = await _request(request, actor, plugin_id, verb, wanted, _agreed(form))
    except Invalid as refusal:
        shown = answer.refused(refusal).field if answer else None
        return in_dialog(await _consent(request, verb, prospect, wish, shown, form, refusal))
    return to_operation(operation)


async def _request(
    request: Request, actor: Actor, plugin_id: str, verb: str, wish: Wish, agreed: Price | None = None
) -> UUID:
    """Begin the work, or follow what somebody else began in the same moment.

    Args:
        agreed: the price at which the plugin is bought first; nothing is bought that is not installed.
    """
    deps = deps_of(request)
    async with deps.works.begin(actor, trace_of(request)) as work:
        if (running := await service.find_under_way(work, plugin_id)) is not None:
            return running.id
        if agreed is not None:
            await billing.purchase(work, plugin_id, agreed)
        return (await _REQUESTS[verb](work, deps.aei_version, plugin_id, wish)).operation.id


def _agreed(form: Form) -> Price | None:
    """The price that was read in the dialog and agreed to; None where nothing is bought."""
    if not form.ticked("buys"):
        return None
    amount = form.text("buys_amount")
    minor = int(amount) if amount.isascii() and amount.isdigit() and len(amount) < 16 else 0
    return seen_price(form.text("buys"), form.text("buys_currency"), minor, form.text("buys_per") or None)


def _wanted(prospect: Prospect, wish: Wish, form: Form, answer: Answer | None) -> Wish:
    """The wish with what was ticked and filled in."""
    along = {
        each.step.release.plugin_id: Along(
            each.step.release.version,
            given(form.every, each.step.release.manifest, f"along/{each.step.release.plugin_id}/"),
        )
        for each in prospect.along
    }
    return replace(
        wish,
        grants=given(form.every, prospect.plan.release.manifest),
        config=None if answer is None else configuration(answer),
        along=along or None,
    )


async def _consent(
    request: Request,
    verb: str,
    prospect: Prospect,
    wish: Wish,
    config: Field | None,
    form: Form = _UNTOUCHED,
    refusal: Refusal | None = None,
) -> Response:
    release = prospect.plan.release
    name = release.manifest.document["name"]
    page = ConsentPage(
        title=f"Install {name}" if verb == "install" else f"Update {name} to {release.version}",
        crumbs=_crumbs(name, release.plugin_id),
        verb=verb,
        prospect=prospect.answered(form.every) if form is not _UNTOUCHED else prospect,
        form=form.refused(refusal) if refusal else form,
        config=config,
        version=wish.version or "",
        channel=wish.channel or "",
    )
    status = refusal.status if refusal else 200
    return await render(request, "installations/consent.html", page, status, part=wants_part(request))


def _crumbs(name: str, plugin_id: str) -> tuple[tuple[str, str], ...]:
    return (("Marketplace", "/marketplace"), (name, f"/marketplace/{plugin_id}"))
