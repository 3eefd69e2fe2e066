"""Pages of finance staff: what creators get of each plugin's sales, and setting other terms."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.sales import service
from aei_marketplace.sales.errors import AgreementUnfit
from aei_marketplace.sales.pages.terms import DISPUTES, PROCESSING, filled_with, read_terms
from aei_marketplace.sales.rules.shares import DEFAULT, NOTICE, in_percent
from aei_marketplace.sales.service import PluginShare, Terms
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)
SHARES = "/admin/shares"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesPage(PageContext):
    """Plugins with agreements of their own.

    Attributes:
        default: what applies to all others.
    """

    shares: tuple[PluginShare, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    default: Terms = DEFAULT
    in_percent: Any = in_percent


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePage(PageContext):
    """One plugin's agreements, and the form of the next.

    Attributes:
        wanted: terms that wait for a confirmation; None while they are typed.
        replaced: the terms that would apply by then without them.
    """

    share: PluginShare
    form: Form
    wanted: Terms | None = None
    replaced: Terms | None = None
    processing: tuple[tuple[str, str], ...] = PROCESSING
    disputes: tuple[tuple[str, str], ...] = DISPUTES
    notice_days: int = NOTICE.days
    in_percent: Any = in_percent


@router.get(SHARES)
async def list_shares(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage, plugin: str = ""
) -> Response:
    """The plugins that have agreements; with `plugin` the way to one."""
    actor.require("revenue.administer")
    if plugin.strip():
        return RedirectResponse(f"{SHARES}/{plugin.strip()[:120]}", 303)
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_shares(work, wanted)
    page = SharesPage(
        title="Shares",
        shares=tuple(found.items),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "cursor"),
    )
    return await render(request, "sales/shares.html", page)


@router.get(SHARES + "/{plugin_id}")
async def show_share(request: Request, plugin_id: str, actor: TheActor) -> Response:
    """One plugin's agreements."""
    return await _page(request, actor, plugin_id, None)


@router.post(SHARES + "/{plugin_id}")
async def set_share(
    request: Request, plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Set terms: what was typed is shown once more, and applies when that is confirmed."""
    try:
        terms = read_terms(form)
        async with deps.works.begin(actor, trace) as work:
            replaced = await service.check_agreement(work, plugin_id, terms)
            if form.ticked("confirmed"):
                await service.set_agreement(work, plugin_id, terms)
    except (AgreementUnfit, Invalid) as refusal:
        return await _page(request, actor, plugin_id, form.refused(refusal), refusal=refusal)
    if not form.ticked("confirmed"):
        return await _page(request, actor, plugin_id, form, wanted=terms, replaced=replaced)
    response = RedirectResponse(f"{SHARES}/{plugin_id}", 303)
    leave_flash(request, response, Flash("The agreement is set. The creator is told of it."))
    return response


async def _page(
    request: Request,
    actor: Actor,
    plugin_id: str,
    form: Form | None,
    *,
    wanted: Terms | None = None,
    replaced: Terms | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        work.actor.require("revenue.administer")
        share = await service.plugin_share(work, plugin_id)
    page = SharePage(
        title=plugin_id,
        crumbs=(("Shares", SHARES),),
        share=share,
        form=filled_with(share.present) if form is None else form,
        wanted=wanted,
        replaced=replaced,
    )
    return await render(request, "sales/share.html", page, refusal.status if refusal else 200)
