"""Pages: one's own account: who, where, password, accounts at providers."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import WrongPassword
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.cookies import keep_session
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)

ACCOUNT = "/account"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage(PageContext):
    """One's own account.

    Attributes:
        session: as `describe_session` gives it.
    """

    session: dict[str, Any]
    form: Form = field(default_factory=Form)


@router.get(ACCOUNT)
async def show_account(request: Request, actor: TheActor) -> Response:
    """One's own account."""
    return await _page(request, actor, Form())


@router.post(ACCOUNT + "/password")
async def change_password(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm
) -> Response:
    """Set another password; all other sessions end."""
    try:
        if form.secret("new") != form.secret("again"):
            raise amiss("again", "not the same as the new password")
        renewed = await service.change_password(
            deps, visit, actor, form.secret("old") or None, form.secret("new")
        )
    except (Invalid, WrongPassword) as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, form.refused(refusal).renamed({"password": "new"}), refusal)
    response = _back(request, Flash("Your password is changed. All other sessions have ended."))
    keep_session(response, visit, renewed.secret, renewed.expires_at)
    return response


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    deps = request.app.state.deps
    session = await service.describe_session(deps, actor)
    page = AccountPage(title="Account", session=session, form=form)
    return await render(request, "accounts/account.html", page, refusal.status if refusal else 200)


def _back(request: Request, flash: Flash) -> Response:
    response = RedirectResponse(ACCOUNT, 303)
    leave_flash(request, response, flash)
    return response
