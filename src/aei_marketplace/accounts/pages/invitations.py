"""Pages: accept an invitation."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import LinkNotValid
from aei_marketplace.accounts.pages.signing_in import INVITATION, entered
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.cookies import keep_session
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationPage(PageContext):
    """What a link offers, and the form to accept it with.

    Attributes:
        offer: as `read_invitation` gives it.
        secret: of the link.
    """

    offer: dict[str, Any]
    secret: str
    form: Form = field(default_factory=Form)


@router.get(INVITATION)
async def read_invitation(request: Request, visit: TheVisit, token: str = "") -> Response:
    """What the link offers."""
    return await _page(request, visit, token, Form())


@router.post(INVITATION)
async def accept_with_password(request: Request, deps: TheDeps, visit: TheVisit, form: TheForm) -> Response:
    """Accept as somebody new, with a password."""
    secret = form.secret("secret")
    try:
        entry = await service.accept_with_password(
            deps,
            visit,
            secret,
            name=form.text("name"),
            password=form.secret("password"),
            email=form.text("email") or None,
        )
    except LinkNotValid:
        raise
    except Refusal as refusal:
        await note_denial(request, refusal)
        return await _page(request, visit, secret, form.refused(refusal), refusal)
    response = entered(visit, entry)
    leave_flash(request, response, Flash("Welcome. Your account is ready, and you are signed in."))
    return response


@router.post(INVITATION + "/join")
async def join(request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm) -> Response:
    """Accept as who is signed in, and act there from now on."""
    tenant = await service.accept_invitation(deps, visit, actor, form.secret("secret"))
    renewed = await service.switch_tenant(deps, visit, actor, tenant)
    response = RedirectResponse("/", 303)
    keep_session(response, visit, renewed.secret, renewed.expires_at)
    where = f"You are a member of {tenant} now." if tenant else "You belong to the staff now."
    leave_flash(request, response, Flash(where))
    return response


async def _page(
    request: Request, visit: Visit, secret: str, form: Form, refusal: Refusal | None = None
) -> Response:
    offer = await service.read_invitation(request.app.state.deps, visit, secret)
    page = InvitationPage(title="You are invited", offer=offer, secret=secret, form=form)
    response = await render(request, "accounts/invitation.html", page, refusal.status if refusal else 200)
    response.headers["Referrer-Policy"] = "no-referrer"  # the address holds the link's secret
    return response
