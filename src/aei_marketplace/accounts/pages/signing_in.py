"""Pages: sign in with a password, a provider, and the passkey where there is one; sign out."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import SessionNeeded, SignInLost
from aei_marketplace.ground.errors import NotFound, NotSignedIn, Refusal
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.cookies import forget_session, forget_sign_in, keep_session, keep_sign_in
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.shell.returning import safe_path, with_return
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)

LOGIN, PASSKEY, INVITATION = "/login", "/login/passkey", "/login/invitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage(PageContext):
    """Where somebody signs in.

    Attributes:
        providers: of sign-in: the operator's, and the tenant's where one is named.
        next: where to go afterwards.
        tenant: short name of where to act first, if one is named.
    """

    form: Form = field(default_factory=Form)
    providers: tuple[dict[str, Any], ...] = ()
    next: str = "/"
    tenant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyPage(PageContext):
    """Where the passkey is asked for.

    Attributes:
        options: for `navigator.credentials.get`, as JSON values.
    """

    options: dict[str, Any]
    form: Form = field(default_factory=Form)


@router.get(LOGIN)
async def login(
    request: Request,
    visit: TheVisit,
    visitor: TheVisitor,
    next: str = "/",
    tenant: str = "",
    invitation: str = "",
) -> Response:
    """The form, unless somebody is signed in, was invited, or their passkey is waited for."""
    if invitation:
        return RedirectResponse(f"{INVITATION}?{urlencode({'token': invitation})}", 303)
    if visitor.session is not None:
        return RedirectResponse(safe_path(next), 303)
    if visit.sign_in and await _waits_for_passkey(request, visit):
        return RedirectResponse(PASSKEY, 303)
    return await _login_page(request, Form(), next, tenant)


@router.post(LOGIN)
async def sign_in(request: Request, deps: TheDeps, visit: TheVisit, form: TheForm) -> Response:
    """Check e-mail and password."""
    wanted, tenant = safe_path(form.text("next")), form.text("tenant")
    try:
        entry = await service.sign_in_with_password(
            deps, visit, form.text("email"), form.secret("password"), tenant or None, wanted
        )
    except Refusal as refusal:
        await note_denial(request, refusal)
        return await _login_page(request, form.refused(refusal), wanted, tenant, refusal)
    return entered(visit, entry)


@router.get(LOGIN + "/oidc/{provider_id}")
async def begin_oidc(deps: TheDeps, visit: TheVisit, provider_id: UUID, next: str = "/") -> Response:
    """To the provider. A link and no form: our policy lets forms lead nowhere but here."""
    start = await service.begin_oidc(deps, visit, provider_id, safe_path(next))
    response = RedirectResponse(start.url, 303)
    keep_sign_in(response, visit, start.secret)
    return response


@router.get(PASSKEY)
async def ask_passkey(request: Request, deps: TheDeps, visit: TheVisit) -> Response:
    """The page that asks for the passkey."""
    try:
        asked = await service.passkey_asked(deps, visit)
    except SignInLost as refusal:
        return await _start_over(request, visit, refusal)
    page = PasskeyPage(title="Use your passkey", options=asked.options)
    return await render(request, "accounts/passkey.html", page)


@router.post(PASSKEY)
async def finish_with_passkey(request: Request, deps: TheDeps, visit: TheVisit, form: TheForm) -> Response:
    """Take the passkey's answer; right or wrong, it is taken once."""
    try:
        entry = await service.finish_with_passkey(deps, visit, form.secret("answer"))
    except NotSignedIn as refusal:
        await note_denial(request, refusal)
        return await _start_over(request, visit, refusal)
    return entered(visit, entry)


@router.post(LOGIN + "/again")
async def begin_again(visit: TheVisit) -> Response:
    """Forget the sign-in under way."""
    response = RedirectResponse(LOGIN, 303)
    forget_sign_in(response, visit)
    return response


@router.post("/logout")
async def sign_out(
    request: Request, deps: TheDeps, visitor: TheVisitor, visit: TheVisit, trace: TheTrace
) -> Response:
    """End the session; harmless for who is signed out already."""
    response = RedirectResponse(LOGIN, 303)
    with suppress(SessionNeeded, NotFound):  # it is over, which is what was asked for
        await service.sign_out(deps, visitor, trace)
    forget_session(response, visit)
    leave_flash(request, response, Flash("You are signed out."))
    return response


def entered(visit: Visit, entry: service.Entry) -> Response:
    """On to where somebody wanted to go, with the cookie that proves it; or to the passkey first."""
    if isinstance(entry, service.SignedIn):
        response = RedirectResponse(safe_path(entry.redirect_to), 303)
        keep_session(response, visit, entry.secret, entry.expires_at)
        return response
    response = RedirectResponse(PASSKEY, 303)
    keep_sign_in(response, visit, entry.secret)
    return response


async def _login_page(
    request: Request, form: Form, wanted: str, tenant: str, refusal: Refusal | None = None
) -> Response:
    providers = await service.list_sign_in_providers(request.app.state.deps, tenant or None)
    page = LoginPage(
        title="Sign in", form=form, providers=tuple(providers), next=safe_path(wanted), tenant=tenant
    )
    response = await render(request, "accounts/login.html", page, refusal.status if refusal else 200)
    response.headers.update(refusal.headers if refusal else {})
    return response


async def _waits_for_passkey(request: Request, visit: Visit) -> bool:
    try:
        await service.passkey_asked(request.app.state.deps, visit)
    except SignInLost:
        return False
    return True


async def _start_over(request: Request, visit: Visit, refusal: Refusal) -> Response:
    response = RedirectResponse(with_return(LOGIN, "/"), 303)
    forget_sign_in(response, visit)
    leave_flash(request, response, Flash(f"{refusal.detail} {refusal.next_step}".strip(), "danger"))
    return response
