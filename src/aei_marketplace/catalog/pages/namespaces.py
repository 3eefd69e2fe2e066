"""Pages: one namespace, who belongs to it, and handing it over."""

from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.errors import NoSuchTenant, NoSuchUser
from aei_marketplace.catalog import service
from aei_marketplace.catalog.errors import (
    FirstMemberOwns,
    LastOwner,
    NoSuchNamespaceMember,
    NotInNamespace,
    TooManyOffers,
    TransferEnded,
    TransferOffered,
)
from aei_marketplace.catalog.pages.words import NAMESPACES, PUBLISHER
from aei_marketplace.catalog.service import (
    Member,
    NamespaceRole,
    OwnNamespace,
    Transfer,
    TransferState,
)
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.work import Work
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

NAMESPACE = NAMESPACES + "/{name}"

#: What is told on the page itself, beside the form that asked for it.
_TOLD = (
    FirstMemberOwns,
    Invalid,
    LastOwner,
    NoSuchNamespaceMember,
    NoSuchTenant,
    NoSuchUser,
    NotInNamespace,
    TooManyOffers,
    TransferEnded,
    TransferOffered,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespacePage(PageContext):
    """One namespace.

    Attributes:
        members: each with what they are called; None for somebody who cannot be named any more.
        offer: the offer that waits for the other side's answer.
        naming, offering: the forms that name a member and offer the namespace.
    """

    namespace: OwnNamespace
    members: tuple[tuple[Member, str | None], ...]
    offer: Transfer | None
    roles: tuple[tuple[str, str], ...] = (("maintainer", "Maintainer"), ("owner", "Owner"))
    naming: Form = field(default_factory=Form)
    offering: Form = field(default_factory=Form)


@router.get(NAMESPACE)
async def show_namespace(request: Request, name: str, actor: TheActor) -> Response:
    """One namespace of the tenant."""
    return await _page(request, actor, name)


@router.post(NAMESPACE + "/members")
async def name_member(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Name somebody of the tenant in the namespace, or change what they are."""
    try:
        role = _role(form)
        async with deps.works.begin(actor, trace) as work:
            user_id = await accounts.find_user(work, form.text("email"))
            await service.name_member(work, name, user_id, role)
    except _TOLD as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, name, naming=form.refused(refusal), refusal=refusal)
    return _to(request, name, f"{form.text('email')} belongs to {name} now.")


@router.post(NAMESPACE + "/members/{user_id}/remove")
async def remove_member(
    request: Request, name: str, user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take somebody out of the namespace, or leave it."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.remove_namespace_member(work, name, user_id)
    except _TOLD as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, name, naming=Form().refused(refusal), refusal=refusal)
    return _to(request, name, f"They do not belong to {name} any more.")


@router.post(NAMESPACE + "/open")
async def open_to_all(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Give the namespace back to all who publish for the tenant."""
    async with deps.works.begin(actor, trace) as work:
        await service.open_namespace(work, name)
    return _to(request, name, f"All who publish for your tenant publish into {name}.")


@router.post(NAMESPACE + "/transfer")
async def offer(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Offer the namespace to another tenant."""
    try:
        async with deps.works.begin(actor, trace) as work:
            made = await service.offer_namespace(work, name, form.text("to"))
    except _TOLD as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, name, offering=form.refused(refusal), refusal=refusal)
    return _to(request, name, f"{name} is offered to {made.to_slug} for a week.")


@router.post(NAMESPACE + "/transfer/end")
async def end_offer(request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take an offer back, or decline one."""
    async with deps.works.begin(actor, trace) as work:
        ended = await service.end_offer(work, name)
    if ended.state is TransferState.DECLINED:
        return _to(request, "", f"You declined {name}.")
    return _to(request, name, f"{name} is not offered any more.")


@router.post(NAMESPACE + "/transfer/accept")
async def accept(request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take over a namespace."""
    async with deps.works.begin(actor, trace) as work:
        await service.accept_namespace(work, name)
    return _to(request, name, f"{name} is yours, with all plugins in it.")


def _role(form: Form) -> NamespaceRole:
    try:
        return NamespaceRole(form.text("role"))
    except ValueError as error:
        raise amiss("role", "choose one") from error


async def _open_offers(work: Work) -> list[Transfer]:
    return [t for t in await service.list_transfers(work) if t.state_at(work.now) is TransferState.OFFERED]


async def _page(
    request: Request,
    actor: Actor,
    name: str,
    *,
    naming: Form | None = None,
    offering: Form | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        namespace = await service.find_namespace(work, name)
        members, names = await service.list_namespace_members(work, name)
        offers = [t for t in await _open_offers(work) if t.namespace == name]
    page = NamespacePage(
        title=name,
        crumbs=(("Publisher", PUBLISHER), ("Namespaces", NAMESPACES)),
        namespace=namespace,
        members=tuple((member, names.get(member.user_id)) for member in members),
        offer=offers[0] if offers else None,
        naming=naming or Form(),
        offering=offering or Form(),
    )
    return await render(request, "catalog/namespace.html", page, refusal.status if refusal else 200)


def _to(request: Request, name: str, said: str) -> Response:
    response = RedirectResponse(f"{NAMESPACES}/{name}".rstrip("/"), 303)
    leave_flash(request, response, Flash(said))
    return response
