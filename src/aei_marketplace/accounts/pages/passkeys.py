"""Pages: one's own passkeys."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import PasskeyRefused, PasskeyTaken
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)

PASSKEYS = "/account/passkeys"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeysPage(PageContext):
    """One's own passkeys, oldest first."""

    passkeys: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskeyPage(PageContext):
    """Where another passkey is registered.

    Attributes:
        options: for `navigator.credentials.create`, as JSON values.
    """

    options: dict[str, Any]
    form: Form = field(default_factory=Form)


@router.get(PASSKEYS)
async def list_passkeys(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One's own passkeys."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_passkeys(work)
    page = PasskeysPage(title="Passkeys", passkeys=tuple(found))
    return await render(request, "accounts/passkeys.html", page)


@router.get(PASSKEYS + "/new")
async def new_passkey(request: Request, actor: TheActor, visit: TheVisit) -> Response:
    """The form, with what the authenticator is asked. It asks for a fresh proof first."""
    return await _new_page(request, actor, visit, Form())


@router.post(PASSKEYS)
async def add_passkey(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm
) -> Response:
    """Register what the authenticator made."""
    try:
        await service.add_passkey(deps, visit, actor, form.text("name"), form.secret("answer"))
    except (Invalid, PasskeyRefused, PasskeyTaken) as refusal:
        await note_denial(request, refusal)
        return await _new_page(request, actor, visit, form.refused(refusal), refusal)
    return _back(request, Flash("The passkey is registered. From now on it is asked for when you sign in."))


@router.post(PASSKEYS + "/{passkey_id}/rename")
async def rename_passkey(
    request: Request, passkey_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Give a passkey another name."""
    async with deps.works.begin(actor, trace) as work:
        await service.rename_passkey(work, passkey_id, form.text("name"))
    return _back(request, Flash("The passkey has its new name."))


@router.post(PASSKEYS + "/{passkey_id}/remove")
async def remove_passkey(
    request: Request, passkey_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Remove a passkey."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_passkey(work, passkey_id)
    return _back(request, Flash("The passkey is removed."))


async def _new_page(
    request: Request, actor: Actor, visit: Visit, form: Form, refusal: Refusal | None = None
) -> Response:
    options = await service.begin_passkey(request.app.state.deps, visit, actor)
    crumbs = (("Passkeys", PASSKEYS),)
    page = NewPasskeyPage(title="Add a passkey", options=options, form=form, crumbs=crumbs)
    return await render(request, "accounts/new_passkey.html", page, refusal.status if refusal else 200)


def _back(request: Request, flash: Flash) -> Response:
    response = RedirectResponse(PASSKEYS, 303)
    leave_flash(request, response, flash)
    return response
