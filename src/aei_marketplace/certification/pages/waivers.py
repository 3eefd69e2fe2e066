"""Pages of exceptions: those in force, a new one for a finding, and the end of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.certification import service
from aei_marketplace.certification.pages.places import CERTIFICATION, REQUEST, WAIVERS
from aei_marketplace.certification.rules.builtin import KNOWN_CHECKS
from aei_marketplace.certification.rules.policies import days_until
from aei_marketplace.certification.service import Waiver
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import Page
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

_DECIDE = "certification.decide"
_WAIVE = REQUEST + "/waive"
_ONE = WAIVERS + "/{waiver_id}"
_CRUMBS = (("Certification", CERTIFICATION), ("Exceptions", WAIVERS))
_PROPOSED = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiversPage(PageContext):
    """The exceptions in force; `titles` of all checks, by id."""

    found: Page
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaivePage(PageContext):
    """A new exception.

    Attributes:
        asked: the request in whose report the finding stands.
        check: what the check is called.
    """

    asked: service.Request
    check: str
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverPage(PageContext):
    """One exception, and whether it shall end; `check` what its check is called."""

    waiver: Waiver
    check: str


@router.get(WAIVERS)
async def show_waivers(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage
) -> Response:
    """The exceptions in force for all plugins, for Certifiers."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_all_waivers(work, page)
    shown = WaiversPage(title="Exceptions", crumbs=_CRUMBS[:1], found=found, titles=KNOWN_CHECKS)
    return await render(request, "certification/waivers.html", shown)


@router.get(_WAIVE)
async def show_waive(
    request_id: UUID,
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    check: str = "",
    rule: str = "",
    place: str = "",
) -> Response:
    """A form for an exception to one finding of a report."""
    until = (deps.works.clock().date() + _PROPOSED).isoformat()
    return await _waive_page(
        request, deps, actor, trace, request_id, filled(check=check, rule=rule, place=place, until=until)
    )


@router.post(_WAIVE)
async def waive(
    request_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Make the exception; the report then shows the finding as waived."""
    place = form.text("place") if form.text("where") != "anywhere" else ""
    try:
        days = days_until(form.text("until"), deps.works.clock().date())
        async with deps.works.begin(actor, trace) as work:
            asked = (await service.find_request(work, request_id)).request
            await service.waive(
                work, asked.plugin_id, form.text("check"), form.text("rule"), place, form.text("reason"), days
            )
    except Invalid as refusal:
        shown = form.refused(refusal).renamed({"days": "until"})
        return await _waive_page(request, deps, actor, trace, request_id, shown, refusal)
    response = RedirectResponse(REQUEST.format(request_id=request_id), 303)
    leave_flash(request, response, Flash(f"The exception holds until {form.text('until')}."))
    return response


@router.get(_ONE)
async def show_waiver(
    waiver_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One exception, and what its end means."""
    async with deps.works.begin(actor, trace) as work:
        work.actor.require(_DECIDE)
        waiver = await service.find_waiver(work, waiver_id)
    page = WaiverPage(
        title="End an exception",
        crumbs=_CRUMBS,
        waiver=waiver,
        check=KNOWN_CHECKS.get(waiver.check, waiver.check),
    )
    return await render(request, "certification/waiver.html", page)


@router.post(_ONE)
async def end_waiver(
    waiver_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """End it."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_waiver(work, waiver_id)
    response = RedirectResponse(WAIVERS, 303)
    leave_flash(request, response, Flash("The exception has ended; the next decision does not stand on it."))
    return response


async def _waive_page(
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace_id: str,
    request_id: UUID,
    form: Form,
    refusal: Refusal | None = None,
) -> Response:
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require(_DECIDE)
        asked = (await service.find_request(work, request_id)).request
    check = form.text("check")
    page = WaivePage(
        title="Make an exception",
        crumbs=(
            ("Certification", CERTIFICATION),
            (f"{asked.plugin_id} {asked.version}", REQUEST.format(request_id=asked.id)),
        ),
        asked=asked,
        check=KNOWN_CHECKS.get(check, check),
        form=form,
    )
    return await render(request, "certification/waive.html", page, refusal.status if refusal else 200)
