"""Pages: the tenant's members, their roles, and invitations."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import BeyondOwnRights, LastAdmin, NoSuchUser, UnknownRole
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.work import Work
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)

MEMBERS = "/admin/members"


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersPage(PageContext):
    """Who belongs to the tenant, and who is invited.

    Attributes:
        invitations: those that are open.
        link: of the invitation that was made just now; shown this once.
        mailed_to: where that link was sent; None where the inviter has to hand it over.
    """

    members: tuple[dict[str, Any], ...]
    invitations: tuple[dict[str, Any], ...]
    roles: tuple[dict[str, Any], ...]
    form: Form = field(default_factory=Form)
    link: str | None = None
    mailed_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPage(PageContext):
    """One member and the roles that they could have."""

    member: dict[str, Any]
    roles: tuple[dict[str, Any], ...]
    form: Form


@router.get(MEMBERS)
async def list_members(request: Request, actor: TheActor) -> Response:
    """The members."""
    return await _page(request, actor, Form())


@router.post(MEMBERS + "/invite")
async def invite(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm
) -> Response:
    """Invite somebody; the page that answers is the only one that shows the link."""
    try:
        async with deps.works.begin(actor, visit.trace_id) as work:
            made = await service.invite(work, form.text("role"), form.text("email") or None)
    except (Invalid, BeyondOwnRights, UnknownRole) as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, form.refused(refusal), refusal=refusal)
    mailed = await service.mail_invitation(deps, visit, made)
    return await _page(
        request, actor, Form(), link=made.link(visit), mailed_to=made.email if mailed else None
    )


@router.post(MEMBERS + "/invitations/{invitation_id}/revoke")
async def revoke_invitation(
    request: Request, invitation_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take an invitation back."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_invitation(work, invitation_id)
    return _back(request, Flash("The invitation is taken back. Its link opens nothing any more."))


@router.get(MEMBERS + "/{user_id}")
async def show_member(
    request: Request, user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One member."""
    async with deps.works.begin(actor, trace) as work:
        member = await _member(work, user_id)
    return await _member_page(request, actor, member, filled(role=tuple(member["roles"])))


@router.post(MEMBERS + "/{user_id}")
async def change_member(
    request: Request, user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Give a member the ticked roles and no others."""
    try:
        async with deps.works.begin(actor, trace) as work:
            member = await _member(work, user_id)
            await service.change_member(work, user_id, form.every("role"))
    except (Invalid, BeyondOwnRights, LastAdmin) as refusal:
        await note_denial(request, refusal)
        return await _member_page(request, actor, member, form.refused(refusal), refusal)
    return _back(request, Flash(f"{member['name']} has other roles now. They hold at once."))


@router.post(MEMBERS + "/{user_id}/remove")
async def remove_member(
    request: Request, user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take a member out of the tenant."""
    async with deps.works.begin(actor, trace) as work:
        member = await _member(work, user_id)
        await service.remove_member(work, user_id)
    text = f"{member['name']} is no member any more. Their tokens and sessions here have ended."
    return _back(request, Flash(text))


async def _member(work: Work, user_id: UUID) -> dict[str, Any]:
    found = [member for member in await service.list_members(work) if member["id"] == user_id]
    if not found:
        raise NoSuchUser("There is no such member.")
    return found[0]


async def _page(
    request: Request,
    actor: Actor,
    form: Form,
    *,
    link: str | None = None,
    mailed_to: str | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        members = await service.list_members(work)
        invitations = await service.list_invitations(work)
        roles = await service.list_roles(work)
    page = MembersPage(
        title="Members",
        members=tuple(members),
        invitations=tuple(i for i in invitations if i["state"] == "open"),
        roles=tuple(roles),
        form=form,
        link=link,
        mailed_to=mailed_to,
    )
    return await render(request, "accounts/members.html", page, refusal.status if refusal else 200)


async def _member_page(
    request: Request, actor: Actor, member: dict[str, Any], form: Form, refusal: Refusal | None = None
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        roles = await service.list_roles(work)
    crumbs = (("Members", MEMBERS),)
    page = MemberPage(title=member["name"], member=member, roles=tuple(roles), form=form, crumbs=crumbs)
    return await render(request, "accounts/member.html", page, refusal.status if refusal else 200)


def _back(request: Request, flash: Flash) -> Response:
    response = RedirectResponse(MEMBERS, 303)
    leave_flash(request, response, flash)
    return response
