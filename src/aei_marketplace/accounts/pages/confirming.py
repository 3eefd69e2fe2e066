"""Pages: prove once more that it is you, before something that matters."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import PasskeyNeeded, PasskeyRefused, WrongPassword
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.cookies import keep_session
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.problems import CONFIRM
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.shell.returning import safe_path
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage(PageContext):
    """How the person can prove who they are.

    Attributes:
        options: for `navigator.credentials.get`; None without a passkey.
        password: whether the password is asked for instead.
        next: where to go afterwards.
    """

    options: dict[str, Any] | None
    password: bool
    next: str
    form: Form = field(default_factory=Form)


@router.get(CONFIRM)
async def confirm(request: Request, actor: TheActor, visit: TheVisit, next: str = "/account") -> Response:
    """Ask for the proof."""
    return await _page(request, actor, visit, next, Form())


@router.post(CONFIRM + "/password")
async def by_password(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm
) -> Response:
    """Take the password as proof."""
    return await _prove(
        request,
        actor,
        visit,
        form,
        lambda: service.prove_by_password(deps, visit, actor, form.secret("password")),
    )


@router.post(CONFIRM + "/passkey")
async def by_passkey(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm
) -> Response:
    """Take the passkey's answer as proof."""
    return await _prove(
        request,
        actor,
        visit,
        form,
        lambda: service.prove_by_passkey(deps, visit, actor, form.secret("answer")),
    )


async def _prove(
    request: Request,
    actor: Actor,
    visit: Visit,
    form: Form,
    proof: Callable[[], Awaitable[service.SignedIn]],
) -> Response:
    try:
        renewed = await proof()
    except (WrongPassword, PasskeyRefused, PasskeyNeeded) as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, visit, form.text("next"), form.refused(refusal), refusal)
    response = RedirectResponse(safe_path(form.text("next"), "/account"), 303)
    keep_session(response, visit, renewed.secret, renewed.expires_at)
    return response


async def _page(
    request: Request, actor: Actor, visit: Visit, wanted: str, form: Form, refusal: Refusal | None = None
) -> Response:
    ways = await service.begin_proof(request.app.state.deps, visit, actor)
    page = ConfirmPage(
        title="Confirm that it is you",
        options=ways["passkey"],
        password=ways["password"],
        next=safe_path(wanted, "/account"),
        form=form,
    )
    return await render(request, "accounts/confirm.html", page, refusal.status if refusal else 200)
