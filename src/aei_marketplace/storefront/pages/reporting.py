"""The page on which a plugin is reported to staff."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, Refusal
from aei_marketplace.reports import service as reports
from aei_marketplace.reports.service import ReportKind, Wish
from aei_marketplace.storefront.rules.cards import Card, card_of
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

REPORT = "/marketplace/{plugin_id}/report"
#: What may be wrong with a plugin, as people say it.
KINDS = (
    (str(ReportKind.BROKEN), "It does not do what it says"),
    (str(ReportKind.MALICIOUS), "It does harm, or tries to"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage(PageContext):
    """The form of a report."""

    card: Card
    form: Form
    kinds: tuple[tuple[str, str], ...] = KINDS


@router.get(REPORT)
async def show_form(plugin_id: str, request: Request, actor: TheActor, version: str = "") -> Response:
    """The form."""
    return await _page(request, actor, plugin_id, filled(version=version))


@router.post(REPORT)
async def file_report(
    plugin_id: str, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Hand the report in; what is wrong with it is shown beside its field."""
    wish = Wish(plugin_id, form.text("kind"), form.text("text"), form.text("version") or None)
    try:
        await reports.file_report(deps.works, actor, trace, wish)
    except (Invalid, Conflict) as refusal:
        return await _page(request, actor, plugin_id, form.refused(refusal), refusal)
    response = RedirectResponse(f"/marketplace/{plugin_id}", 303)
    leave_flash(request, response, Flash("Your report waits for staff. You are told what comes of it."))
    return response


async def _page(
    request: Request, actor: Actor, plugin_id: str, form: Form, refusal: Refusal | None = None
) -> Response:
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        work.actor.require("plugin.browse")
        plugin = await catalog.find_plugin(work, plugin_id)
    card = card_of(plugin)
    page = ReportPage(
        title=f"Report {card.name}",
        crumbs=(("Marketplace", "/marketplace"), (card.name, card.href)),
        card=card,
        form=form,
    )
    return await render(request, "storefront/report.html", page, refusal.status if refusal else 200)
