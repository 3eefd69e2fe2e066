"""Pages: a forgotten password."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheDeps
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)

RECOVERY = "/login/recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPage(PageContext):
    """Asking for the link, or setting a password with it.

    Attributes:
        secret: of the link; empty while it is asked for.
        sent: whether the request was taken; says nothing of whether there is such an account.
    """

    form: Form = field(default_factory=Form)
    secret: str = ""
    sent: bool = False


@router.get(RECOVERY)
async def recovery(request: Request, token: str = "") -> Response:
    """The form that fits: to ask for a link, or to use one."""
    return await _page(request, RecoveryPage(title="Set a new password", secret=token[:200]))


@router.post(RECOVERY)
async def ask_recovery(request: Request, deps: TheDeps, visit: TheVisit, form: TheForm) -> Response:
    """Have a link mailed; the answer is the same for everybody."""
    try:
        await service.ask_recovery(deps, visit, form.text("email"))
    except Refusal as refusal:
        return await _page(
            request, RecoveryPage(title="Set a new password", form=form.refused(refusal)), refusal
        )
    return await _page(request, RecoveryPage(title="Look into your mailbox", sent=True))


@router.post(RECOVERY + "/password")
async def recover(request: Request, deps: TheDeps, visit: TheVisit, form: TheForm) -> Response:
    """Set a password with the link's secret."""
    secret = form.secret("secret")
    try:
        await service.recover(deps, visit, secret, form.secret("password"))
    except Refusal as refusal:
        await note_denial(request, refusal)
        page = RecoveryPage(title="Set a new password", secret=secret, form=form.refused(refusal))
        return await _page(request, page, refusal)
    response = RedirectResponse("/login", 303)
    leave_flash(request, response, Flash("Your password is set. All other sessions have ended; sign in."))
    return response


async def _page(request: Request, page: RecoveryPage, refusal: Refusal | None = None) -> Response:
    response = await render(request, "accounts/recovery.html", page, refusal.status if refusal else 200)
    response.headers.update(refusal.headers if refusal else {})
    response.headers["Referrer-Policy"] = "no-referrer"  # the address may hold the link's secret
    return response
