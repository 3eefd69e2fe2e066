"""Pages: one's own account: who, where, password, accounts at providers."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import WrongPassword
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.cookies import keep_session, keep_sign_in
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
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
        identities: accounts at providers that sign in to this one.
        providers: further ones that could be linked.
    """

    session: dict[str, Any]
    identities: tuple[dict[str, Any], ...]
    providers: tuple[dict[str, Any], ...]
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingPage(PageContext):
    """The last page before a provider's own; our policy lets forms lead nowhere but here, so a link does."""

    url: str
    provider: str


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


@router.post(ACCOUNT + "/identities/link/{provider_id}")
async def link_identity(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm, provider_id: UUID
) -> Response:
    """On the way to link an account at a provider."""
    start = await service.begin_link(deps, visit, actor, provider_id, ACCOUNT)
    page = LeavingPage(title="Continue there", url=start.url, provider=form.text("name")[:60])
    response = await render(request, "accounts/leaving.html", page)
    keep_sign_in(response, visit, start.secret)
    return response


@router.post(ACCOUNT + "/identities/{identity_id}/remove")
async def remove_identity(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, identity_id: UUID
) -> Response:
    """Have an account at a provider no longer sign in here."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_identity(work, identity_id)
    return _back(request, Flash("That account no longer signs in here."))


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    deps = request.app.state.deps
    session = await service.describe_session(deps, actor)
    async with deps.works.begin(actor, request.state.trace_id) as work:
        identities = await service.list_identities(work)
    providers = await service.list_sign_in_providers(deps, actor.tenant_slug)
    page = AccountPage(
        title="Account",
        session=session,
        identities=tuple(identities),
        providers=tuple(providers),
        form=form,
    )
    return await render(request, "accounts/account.html", page, refusal.status if refusal else 200)


def _back(request: Request, flash: Flash) -> Response:
    response = RedirectResponse(ACCOUNT, 303)
    leave_flash(request, response, flash)
    return response
