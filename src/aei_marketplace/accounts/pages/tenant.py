"""Page of staff: one tenant, the form that closes it, and the one that opens it again."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import LastTenant, OwnTenant
from aei_marketplace.accounts.pages.words import TENANTS
from aei_marketplace.accounts.service import TenantRow
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

TENANT = TENANTS + "/{tenant_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantPage(PageContext):
    """One tenant, and the form that closes it or opens it."""

    tenant: TenantRow
    form: Form


@router.get(TENANT)
async def show_tenant(
    request: Request, tenant_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One tenant. The fresh proof is asked for before a reason is typed, not after."""
    async with deps.works.begin(actor, trace) as work:
        work.actor.require("tenant.administer")
        work.actor.require_recent_proof(work.now)
    return await _page(request, actor, tenant_id, Form())


@router.post(TENANT + "/close")
async def close(
    request: Request, tenant_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Close the tenant; whoever does it types its short name, since everything in it stops."""
    try:
        async with deps.works.begin(actor, trace) as work:
            tenant = await service.describe_tenant(work, tenant_id)
            if form.text("confirmation") != tenant.slug:
                raise amiss("confirmation", f"type {tenant.slug}")
            await service.close_tenant(work, tenant_id, form.text("reason"))
    except (Invalid, OwnTenant, LastTenant) as refusal:
        return await _page(request, actor, tenant_id, form.refused(refusal), refusal)
    return _back(request, f"{tenant.name} is closed. Its tokens and sessions have ended.")


@router.post(TENANT + "/reopen")
async def reopen(
    request: Request, tenant_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Open a closed tenant again."""
    async with deps.works.begin(actor, trace) as work:
        tenant = await service.describe_tenant(work, tenant_id)
        await service.reopen_tenant(work, tenant_id)
    return _back(request, f"{tenant.name} is open again. Its members sign in anew, and make new tokens.")


async def _page(
    request: Request, actor: Actor, tenant_id: UUID, form: Form, refusal: Refusal | None = None
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        tenant = await service.describe_tenant(work, tenant_id)
    page = TenantPage(title=tenant.name, crumbs=(("Tenants", TENANTS),), tenant=tenant, form=form)
    return await render(request, "accounts/tenant.html", page, refusal.status if refusal else 200)


def _back(request: Request, said: str) -> Response:
    response = RedirectResponse(TENANTS, 303)
    leave_flash(request, response, Flash(said))
    return response
