"""Invitations to a tenant or to the staff, by one-time links."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import (
    HasMembers,
    NoSuchInvitation,
)
from aei_marketplace.accounts.service.members import known_role
from aei_marketplace.accounts.store import invitations as store
from aei_marketplace.accounts.store import people
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.ground.work import Work

INVITATION_LIFETIME = timedelta(days=7)


_TEXT = """You are invited to an AEI Marketplace, as {role}.

Open this link before {until}; it works once:

  {link}
"""


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as it was just made; its secret is known only now.

    Attributes:
        path: where its link leads on this site, with the secret.
    """

    id: UUID
    role: str
    email: str | None
    expires_at: datetime
    secret: str = field(repr=False)

    @property
    def path(self) -> str:
        """The link without the site: `/login?invitation=…`."""
        return f"/login?invitation={self.secret}"

    def link(self, visit: Visit) -> str:
        """The whole link, on the site that the inviter sees."""
        return visit.origin + self.path


async def invite(work: Work, role: str, email: str | None = None, *, staff: bool = False) -> Invitation:
    """Invite somebody to the actor's tenant, or to the staff as staff.

    Args:
        email: whom; None leaves it to who holds the link.
        staff: to the staff, for named jobs.

    Raises:
        UnknownRole: there is no such role.
        BeyondOwnRights: it grants what the actor does not hold.
        ProofNeeded: the session's last proof is too old.
    """
    tenant = None if staff else work.actor.tenant
    work.actor.require("staff.administer" if tenant is None else "member.administer")
    return await _made(work, role, tenant, email)


async def _made(work: Work, role: str, tenant: UUID | None, email: str | None) -> Invitation:
    """A fresh invitation; without a tenant it is one to the staff."""
    work.actor.require_recent_proof(work.now)
    found = await known_role(work, "staff" if tenant is None else "tenant", role)
    secret, invitation_id, expires_at = rules.new_secret(), new_id(), work.now + INVITATION_LIFETIME
    wanted = rules.check_email(email) if email else None
    values = {
        "id": invitation_id,
        "tenant_id": tenant,
        "role_id": found.id,
        "email": wanted,
        "hash": rules.secret_hash(secret),
        "invited_by": work.actor.id,
        "created_at": work.now,
        "expires_at": expires_at,
    }
    await store.add(work, values)
    work.record(
        Fact(
            "invitation.create",
            "invitation",
            str(invitation_id),
            context={"role": role},
            personal={"email": wanted} if wanted else {},
        )
    )
    return Invitation(invitation_id, role, wanted, expires_at, secret)


async def mail_invitation(deps: Deps, visit: Visit, invitation: Invitation) -> bool:
    """Send the link to whom the invitation names; never inside a work.

    Returns:
        Whether it is on its way; where it is not, the inviter has it to hand over. Nothing is mailed where
        only the request says which site this is.
    """
    if invitation.email is None or not visit.trusted_origin:
        return False
    text = _TEXT.format(
        role=invitation.role,
        until=f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC",
        link=invitation.link(visit),
    )
    try:
        await deps.mail.send(invitation.email, "You are invited", text)
    except Unavailable as refusal:
        log.warning("invitation.not_mailed", reason=refusal.detail, trace_id=visit.trace_id)
        return False
    return True


async def invite_first_operator(work: Work) -> Invitation | None:
    """Invite whoever holds the link to operate a marketplace that nobody operates; None when somebody does.

    Links that were made so before stop working.
    """
    work.actor.require("staff.administer")
    if await people.operators(work):
        return None
    await store.revoke_of(work, None)
    return await invite(work, "Operator", staff=True)


async def invite_first_admin(work: Work, tenant: UUID, email: str | None = None) -> Invitation:
    """Invite the first Admin of a tenant that staff have opened.

    Raises:
        NotAllowed: the actor does not administer tenants.
        ProofNeeded: the session's last proof is too old.
        HasMembers: somebody belongs to it already.
        Invalid: the address is none.
    """
    work.actor.require("tenant.administer")
    if await people.has_members(work, tenant):
        raise HasMembers("This tenant has members, who invite others.")
    return await _made(work, "Admin", tenant, email)


async def list_invitations(work: Work) -> list[dict[str, Any]]:
    """The invitations to the actor's tenant, to the staff for staff; newest first, without secrets."""
    work.actor.require("member.administer" if work.actor.tenant else "staff.administer")
    return [_shape(row, work.now) for row in await store.list_all(work, work.actor.tenant)]


async def revoke_invitation(work: Work, invitation_id: UUID) -> None:
    """Take an invitation back.

    Raises:
        NoSuchInvitation: there is none that could be.
    """
    work.actor.require("member.administer" if work.actor.tenant else "staff.administer")
    if not await store.revoke(work, invitation_id, work.actor.tenant):
        raise NoSuchInvitation("There is no such invitation that is open.")
    work.record(Fact("invitation.revoke", "invitation", str(invitation_id)))


def _shape(row: Any, now: datetime) -> dict[str, Any]:
    state = "open" if now < row.expires_at else "expired"
    state = "accepted" if row.accepted_at else "revoked" if row.revoked_at else state
    return {
        "id": row.id,
        "role": row.role,
        "email": row.email,
        "invited_by": row.inviter,
        "state": state,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "accepted_at": row.accepted_at,
    }
