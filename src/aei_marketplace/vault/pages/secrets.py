"""Pages: the tenant's secrets. A value goes in and is never shown, not even in a form that comes back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.vault import service
from aei_marketplace.vault.errors import NoSuchSecret, SecretUnfit
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

SECRETS = "/admin/secrets"
#: Which plugins were granted which secret; installations, above, know.
SecretUses = Callable[[Work], Awaitable[Mapping[str, tuple[str, ...]]]]


@dataclass(frozen=True, slots=True)
class ShownSecret:
    """A secret as its page shows it.

    Attributes:
        by: who wrote it last; None where that is not known.
        plugins: the ids of the installed plugins that may read it.
    """

    name: str
    updated_at: datetime
    by: str | None
    plugins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsPage(PageContext):
    """The names of the tenant's secrets."""

    secrets: tuple[ShownSecret, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPage(PageContext):
    """One secret: give it another value, or delete it."""

    secret: ShownSecret
    form: Form


@router.get(SECRETS)
async def list_secrets(request: Request, actor: TheActor, wanted: ThePage) -> Response:
    """The names."""
    return await _list_page(request, actor, wanted, Form())


@router.post(SECRETS)
async def add_secret(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Keep a secret under a name that is not taken."""
    try:
        async with deps.works.begin(actor, trace) as work:
            name = form.text("name")
            if await service.find_secret(work, name) is not None:
                raise Conflict(f"{name} is kept already.", advice="Open it to give it another value.")
            await service.put_secret(work, deps.master_key, name, form.secret("value"))
    except (SecretUnfit, Conflict) as refusal:
        return await _list_page(request, actor, PageWanted(), unvalued(form).refused(refusal), refusal)
    return _back(request, f"{name} is kept. Installations to which it is granted can read it now.")


@router.get(SECRETS + "/{name}")
async def show_secret(request: Request, name: str, actor: TheActor) -> Response:
    """One secret."""
    return await _page(request, actor, name, Form())


@router.post(SECRETS + "/{name}")
async def rotate_secret(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Give a secret another value."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await _found(work, name)
            await service.put_secret(work, deps.master_key, name, form.secret("value"))
    except SecretUnfit as refusal:
        return await _page(request, actor, name, unvalued(form).refused(refusal), refusal)
    return _back(request, f"{name} has another value. The next execution reads it.")


@router.post(SECRETS + "/{name}/delete")
async def delete_secret(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Delete a secret."""
    async with deps.works.begin(actor, trace) as work:
        await service.delete_secret(work, name)
    return _back(request, f"{name} is deleted. Plugins that ask for it are told that there is none.")


def unvalued(form: Form) -> Form:
    """The form without the value: what was typed there is not sent back."""
    return Form({name: values for name, values in form.values.items() if name != "value"})


async def _found(work: Work, name: str) -> service.SecretName:
    secret = await service.find_secret(work, name)
    if secret is None:
        raise NoSuchSecret("Your tenant keeps no secret of this name.", advice="")
    return secret


async def _shown(request: Request, work: Work, *secrets: service.SecretName) -> tuple[ShownSecret, ...]:
    uses: SecretUses = request.app.state.secret_uses
    granted = await uses(work)
    names = await accounts.names_of(work, {secret.updated_by for secret in secrets})
    return tuple(
        ShownSecret(s.name, s.updated_at, names.get(s.updated_by), granted.get(s.name, ())) for s in secrets
    )


async def _list_page(
    request: Request, actor: Actor, wanted: PageWanted, form: Form, refusal: Refusal | None = None
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        found = await service.list_secrets(work, wanted)
        secrets = await _shown(request, work, *found.items)
    page = SecretsPage(
        title="Secrets",
        secrets=secrets,
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "cursor"),
        form=form,
    )
    return await render(request, "vault/secrets.html", page, refusal.status if refusal else 200)


async def _page(
    request: Request, actor: Actor, name: str, form: Form, refusal: Refusal | None = None
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        secret = (await _shown(request, work, await _found(work, name)))[0]
    page = SecretPage(title=name, crumbs=(("Secrets", SECRETS),), secret=secret, form=form)
    return await render(request, "vault/secret.html", page, refusal.status if refusal else 200)


def _back(request: Request, text: str) -> Response:
    response = RedirectResponse(SECRETS, 303)
    leave_flash(request, response, Flash(text))
    return response
