"""Routes of providers of sign-in, of signing in through one, and of what is linked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.api.bodies import Body, Path, Secret, listed
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.cookies import forget_sign_in, keep_session, keep_sign_in
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer
from aei_marketplace.web.visits import TheVisit

router = APIRouter(tags=["sign-in"])

#: Where a browser goes whose person has a passkey.
PASSKEY_PAGE = "/login/passkey"
ClientSecret = Annotated[str, Field(max_length=2048)]


class Wanted(Body):
    """Where to go after signing in, and the invitation that is accepted by it."""

    redirect_to: Path = "/"
    invitation: Secret | None = None


class LinkWanted(Body):
    """Where to go after linking."""

    redirect_to: Path = "/"


class ProviderWanted(Body):
    """A provider to enter. Tell it the address that the answer names in `callback`."""

    name: Annotated[str, Field(max_length=60)]
    issuer: Annotated[str, Field(max_length=500)]
    client_id: Annotated[str, Field(max_length=200)]
    client_secret: ClientSecret | None = None


class ProviderChange(Body):
    """What is to change; what is absent or null stays."""

    enabled: bool | None = None
    client_secret: ClientSecret | None = None


@router.get("/sign-in/providers")
async def list_sign_in_providers(deps: TheDeps, tenant: str | None = None) -> Response:
    """The providers that a browser can be signed in through."""
    return json_answer(listed(await service.list_sign_in_providers(deps, tenant)))


@router.post("/sign-in/oidc/{provider_id}")
async def begin_oidc(provider_id: UUID, body: Wanted, deps: TheDeps, visit: TheVisit) -> Response:
    """Begin to sign in: answers where to send the browser."""
    start = await service.begin_oidc(deps, visit, provider_id, body.redirect_to, body.invitation)
    return _started(start, visit)


@router.get("/sign-in/oidc/{provider_id}/callback", status_code=303)
async def finish_oidc(provider_id: UUID, request: Request, deps: TheDeps, visit: TheVisit) -> Response:
    """Where the provider sends the browser back to."""
    entry = await service.finish_oidc(deps, visit, provider_id, dict(request.query_params))
    return went_on(entry, visit)


@router.get("/identities")
async def list_identities(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The accounts at providers that sign in to one's own."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_identities(work)
    return json_answer(listed(found))


@router.post("/identities/{provider_id}")
async def begin_link(
    provider_id: UUID, body: LinkWanted, deps: TheDeps, actor: TheActor, visit: TheVisit
) -> Response:
    """Begin to link an account at a provider: answers where to send the browser."""
    return _started(await service.begin_link(deps, visit, actor, provider_id, body.redirect_to), visit)


@router.delete("/identities/{identity_id}", status_code=204)
async def remove_identity(identity_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Have an account at a provider no longer sign in here."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_identity(work, identity_id)
    return Response(status_code=204)


@router.get("/identity-providers")
async def list_providers(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant's own providers; the operator's for staff."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_providers(work)
    return json_answer(listed(found))


@router.post("/identity-providers", status_code=201)
async def add_provider(body: ProviderWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Enter a provider."""
    async with deps.works.begin(actor, trace) as work:
        provider_id = await service.add_provider(
            work,
            deps.master_key,
            name=body.name,
            issuer=body.issuer,
            client_id=body.client_id,
            client_secret=body.client_secret,
        )
        (made,) = [item for item in await service.list_providers(work) if item["id"] == provider_id]
    return json_answer(made, 201)


@router.patch("/identity-providers/{provider_id}", status_code=204)
async def change_provider(
    provider_id: UUID, body: ProviderChange, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Switch a provider on or off, or give it another secret."""
    async with deps.works.begin(actor, trace) as work:
        await service.change_provider(
            work, deps.master_key, provider_id, enabled=body.enabled, client_secret=body.client_secret
        )
    return Response(status_code=204)


@router.delete("/identity-providers/{provider_id}", status_code=204)
async def remove_provider(provider_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Remove a provider."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_provider(work, provider_id)
    return Response(status_code=204)


def went_on(entry: service.Entry | service.Linked, visit: Visit) -> Response:
    """On to where somebody wanted to go, or to the passkey first."""
    if isinstance(entry, service.PasskeyAsked):
        answer = RedirectResponse(PASSKEY_PAGE, 303)
        keep_sign_in(answer, visit, entry.secret)
        return answer
    answer = RedirectResponse(entry.redirect_to, 303)
    if isinstance(entry, service.SignedIn):
        keep_session(answer, visit, entry.secret, entry.expires_at)
    else:
        forget_sign_in(answer, visit)
    return answer


def _started(start: service.OidcStart, visit: Visit) -> Response:
    answer = json_answer({"url": start.url})
    keep_sign_in(answer, visit, start.secret)
    return answer
