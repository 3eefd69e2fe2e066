"""Routes of invitations and recovery. None takes an `Idempotency-Key`: each link works once anyway, and
remembering an answer would keep its secret."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from aei_marketplace.accounts import service
from aei_marketplace.accounts.api.bodies import Body, Email, Name, Password, Secret, listed
from aei_marketplace.accounts.api.sign_in import entered
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer
from aei_marketplace.web.visits import TheVisit

router = APIRouter(tags=["sign-in"])


class InvitationWanted(Body):
    """Whom to invite, and to which role; without an address the link is yours to hand over."""

    role: Annotated[str, Field(max_length=60)]
    email: Email | None = None


class Link(Body):
    """The secret of a one-time link."""

    secret: Secret


class Acceptance(Link):
    """How to accept: as somebody new, with name and password; or, signed in, with nothing more."""

    name: Name | None = None
    email: Email | None = None
    password: Password | None = None


class RecoveryWanted(Body):
    """Whose password is to be set anew."""

    email: Email


class RecoveryPassword(Link):
    """The new password."""

    password: Password


@router.get("/invitations")
async def list_invitations(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The invitations to the tenant; to the staff for staff."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_invitations(work)
    return json_answer(listed(found))


@router.post("/invitations", status_code=201)
async def invite(body: InvitationWanted, deps: TheDeps, actor: TheActor, visit: TheVisit) -> Response:
    """Invite somebody. The link is shown this once, and mailed where there is an address."""
    async with deps.works.begin(actor, visit.trace_id) as work:
        invitation = await service.invite(work, body.role, body.email)
    shown = {
        "id": invitation.id,
        "role": invitation.role,
        "email": invitation.email,
        "expires_at": invitation.expires_at,
        "link": invitation.link(visit),
        "mailed": await service.mail_invitation(deps, visit, invitation),
    }
    return json_answer(shown, 201, {"Cache-Control": "no-store"})


@router.delete("/invitations/{invitation_id}", status_code=204)
async def revoke_invitation(invitation_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take an invitation back."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_invitation(work, invitation_id)
    return Response(status_code=204)


@router.post("/sign-in/invitation")
async def read_invitation(body: Link, deps: TheDeps, visit: TheVisit) -> Response:
    """What a link offers."""
    return json_answer(await service.read_invitation(deps, visit, body.secret))


@router.post("/sign-in/invitation/accept", status_code=201)
async def accept_invitation(
    body: Acceptance, deps: TheDeps, visitor: TheVisitor, visit: TheVisit
) -> Response:
    """Accept an invitation: with a password as somebody new, or as who is signed in."""
    if body.password is None:
        joined = await service.accept_invitation(deps, visit, visitor, body.secret)
        return json_answer({"tenant": joined}, 201)
    entry = await service.accept_with_password(
        deps, visit, body.secret, name=body.name or "", password=body.password, email=body.email
    )
    return entered(entry, visit)


@router.post("/sign-in/recovery", status_code=202)
async def ask_recovery(body: RecoveryWanted, deps: TheDeps, visit: TheVisit) -> Response:
    """Have a link mailed to set a password with; the answer is the same for everybody."""
    await service.ask_recovery(deps, visit, body.email)
    return json_answer({"state": "accepted"}, 202)


@router.post("/sign-in/recovery/password", status_code=204)
async def recover(body: RecoveryPassword, deps: TheDeps, visit: TheVisit) -> Response:
    """Set a password with the link's secret; all sessions end."""
    await service.recover(deps, visit, body.secret, body.password)
    return Response(status_code=204)
