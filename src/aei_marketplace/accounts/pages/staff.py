"""Pages: who is on the staff, their roles given and taken, and invitations to it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import BeyondOwnRights, LastAdmin, NoSuchUser, OwnRoles, UnknownRole
from aei_marketplace.accounts.pages.words import STAFF, STAFF_ROLE_WORDS
from aei_marketplace.accounts.service import Colleague
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss, filled
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)

COLLEAGUE = STAFF + "/{user_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPage(PageContext):
    """Who is on the staff, and who is invited to it.

    Attributes:
        roles: each role of the staff, and what it lets do.
        finding, inviting: the forms that look somebody up and that invite somebody.
        link: of the invitation that was made just now; shown this once.
        mailed_to: where that link was sent; None where the inviter has to hand it over.
    """

    staff: tuple[Colleague, ...]
    invitations: tuple[dict[str, Any], ...]
    roles: dict[str, str] = field(default_factory=lambda: STAFF_ROLE_WORDS)
    finding: Form = field(default_factory=Form)
    inviting: Form = field(default_factory=Form)
    link: str | None = None
    mailed_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleaguePage(PageContext):
    """Somebody and the roles that they could have.

    Attributes:
        typed: what confirms a change: their address, or their name where they have none.
    """

    colleague: Colleague
    typed: str
    form: Form
    roles: dict[str, str] = field(default_factory=lambda: STAFF_ROLE_WORDS)


@router.get(STAFF)
async def list_staff(request: Request, actor: TheActor) -> Response:
    """Who is on the staff."""
    return await _page(request, actor)


@router.post(STAFF + "/find")
async def find_somebody(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Lead to somebody with an account, by e-mail: an address in a page's address would stand in logs."""
    try:
        async with deps.works.begin(actor, trace) as work:
            work.actor.require("staff.administer")
            user_id = await service.find_user(work, form.text("email"))
    except (Invalid, NoSuchUser) as refusal:
        return await _page(request, actor, finding=form.refused(refusal), refusal=refusal)
    return RedirectResponse(f"{STAFF}/{user_id}", 303)


@router.post(STAFF + "/invite")
async def invite(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm
) -> Response:
    """Invite somebody without an account; the page that answers is the only one that shows the link."""
    try:
        async with deps.works.begin(actor, visit.trace_id) as work:
            made = await service.invite(work, form.text("role"), form.text("email") or None, staff=True)
    except (Invalid, BeyondOwnRights, UnknownRole) as refusal:
        await note_denial(request, refusal)
        told = form.refused(refusal).renamed({"email": "invited"})
        return await _page(request, actor, inviting=told, refusal=refusal)
    mailed = await service.mail_invitation(deps, visit, made)
    return await _page(request, actor, link=made.link(visit), mailed_to=made.email if mailed else None)


@router.post(STAFF + "/invitations/{invitation_id}/revoke")
async def revoke_invitation(
    request: Request, invitation_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take an invitation back."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_invitation(work, invitation_id)
    return _back(request, "The invitation is taken back. Its link opens nothing any more.")


@router.get(COLLEAGUE)
async def show_colleague(
    request: Request, user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One person. The fresh proof is asked for before anything is ticked, not after."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.find_colleague(work, user_id)
        work.actor.require_recent_proof(work.now)
    return await _colleague_page(request, found, filled(role=found.roles))


@router.post(COLLEAGUE)
async def change_colleague(
    request: Request, user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Give somebody the ticked roles and no others; whoever does it types whom they mean."""
    try:
        async with deps.works.begin(actor, trace) as work:
            found = await service.find_colleague(work, user_id)
            if form.text("confirmation") != _typed(found):
                raise amiss("confirmation", f"type {_typed(found)}")
            await service.change_staff(work, user_id, form.every("role"))
    except (Invalid, BeyondOwnRights, LastAdmin, OwnRoles) as refusal:
        await note_denial(request, refusal)
        return await _colleague_page(request, found, form.refused(refusal), refusal)
    if not form.every("role"):
        return _back(request, f"{found.name} is not on the staff any more. Their sessions and tokens ended.")
    return _back(request, f"{found.name}: {', '.join(sorted(form.every('role')))}. It holds at once.")


def _typed(colleague: Colleague) -> str:
    return colleague.email or colleague.name


async def _page(
    request: Request,
    actor: Actor,
    *,
    finding: Form | None = None,
    inviting: Form | None = None,
    link: str | None = None,
    mailed_to: str | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        staff = await service.list_staff(work)
        invitations = await service.list_invitations(work)
    page = StaffPage(
        title="Staff",
        staff=tuple(staff),
        invitations=tuple(i for i in invitations if i["state"] == "open"),
        finding=finding or Form(),
        inviting=inviting or Form(),
        link=link,
        mailed_to=mailed_to,
    )
    return await render(request, "accounts/staff.html", page, refusal.status if refusal else 200)


async def _colleague_page(
    request: Request, colleague: Colleague, form: Form, refusal: Refusal | None = None
) -> Response:
    page = ColleaguePage(
        title=colleague.name,
        crumbs=(("Staff", STAFF),),
        colleague=colleague,
        typed=_typed(colleague),
        form=form,
    )
    return await render(request, "accounts/colleague.html", page, refusal.status if refusal else 200)


def _back(request: Request, said: str) -> Response:
    response = RedirectResponse(STAFF, 303)
    leave_flash(request, response, Flash(said))
    return response
