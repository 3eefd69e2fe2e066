"""Pages: one's own sessions; acting in another tenant."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.pages.browsers import browser_name
from aei_marketplace.web.cookies import keep_session
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.formats import counted
from aei_marketplace.web.shell.forms import FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)

SESSIONS = "/account/sessions"
METHODS = {
    "password": "Password",
    "password+passkey": "Password and passkey",
    "oidc": "Provider",
    "oidc+passkey": "Provider and passkey",
    "link": "One-time link",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsPage(PageContext):
    """One's own sessions that go on, newest first."""

    sessions: tuple[dict[str, Any], ...]


@router.get(SESSIONS)
async def list_sessions(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Where somebody is signed in."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_sessions(work)
    shown = ({**s, "browser": browser_name(s["browser"]), "method": METHODS[s["method"]]} for s in found)
    return await render(
        request, "accounts/sessions.html", SessionsPage(title="Sessions", sessions=tuple(shown))
    )


@router.post(SESSIONS + "/{session_id}/revoke")
async def revoke_session(
    request: Request, session_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """End one of them."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_session(work, session_id)
    return _back(request, Flash("The session has ended. Whoever sits there has to sign in again."))


@router.post(SESSIONS + "/revoke-others")
async def revoke_others(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """End all but this one."""
    async with deps.works.begin(actor, trace) as work:
        count = await service.revoke_other_sessions(work)
    return _back(request, Flash(f"{counted(count, 'other session')} ended."))


@router.post("/account/tenant")
async def switch_tenant(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm
) -> Response:
    """Act in another tenant, or as staff when none is named."""
    tenant = form.text("tenant") or None
    renewed = await service.switch_tenant(deps, visit, actor, tenant)
    response = RedirectResponse("/", 303)
    keep_session(response, visit, renewed.secret, renewed.expires_at)
    leave_flash(request, response, Flash(f"You act in {tenant} now." if tenant else "You act as staff now."))
    return response


def _back(request: Request, flash: Flash) -> Response:
    response = RedirectResponse(SESSIONS, 303)
    leave_flash(request, response, flash)
    return response
