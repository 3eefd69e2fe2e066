"""Queries of invitations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Update, delete, insert, select, update

from aei_marketplace.accounts.models import invitations, roles, tenants, users
from aei_marketplace.ground.work import Work


async def add(work: Work, values: dict[str, Any]) -> None:
    """Store an invitation."""
    await work.run(insert(invitations).values(**values))


async def list_all(work: Work, tenant_id: UUID | None) -> Sequence[Row[Any]]:
    """The invitations to a tenant, or to the staff, newest first, with the role's name."""
    own = invitations.c.tenant_id
    wanted = own == tenant_id if tenant_id else own.is_(None)
    return (await work.run(_with_role().where(wanted).order_by(invitations.c.id.desc()))).all()


async def find_open(work: Work, secret_hash: bytes) -> Row[Any] | None:
    """An invitation that can still be accepted, with what it offers; held until the work ends."""
    wanted = (
        _with_role()
        .add_columns(tenants.c.slug, tenants.c.name.label("tenant_name"))
        .outerjoin(tenants, tenants.c.id == invitations.c.tenant_id)
        .where(
            invitations.c.hash == secret_hash,
            invitations.c.accepted_at.is_(None),
            invitations.c.revoked_at.is_(None),
            invitations.c.expires_at > work.now,
        )
        .with_for_update(of=invitations)
    )
    return (await work.run(wanted)).first()


async def revoke(work: Work, invitation_id: UUID, tenant_id: UUID | None) -> bool:
    """Take back an invitation to a tenant, or to the staff; False when there is none that could be."""
    own = invitations.c.tenant_id
    wanted = (
        invitations.c.id == invitation_id,
        own == tenant_id if tenant_id else own.is_(None),
        invitations.c.accepted_at.is_(None),
        invitations.c.revoked_at.is_(None),
    )
    return (await work.run(update(invitations).where(*wanted).values(revoked_at=work.now))).rowcount == 1


async def revoke_of(work: Work, inviter: UUID | None, tenant_id: UUID | None = None) -> int:
    """Take back what somebody, or a named job, offered to one tenant or everywhere; how many there were."""
    wanted = [
        invitations.c.invited_by.is_not_distinct_from(inviter),
        invitations.c.accepted_at.is_(None),
        invitations.c.revoked_at.is_(None),
    ]
    if tenant_id is not None:
        wanted.append(invitations.c.tenant_id == tenant_id)
    return (await work.run(update(invitations).where(*wanted).values(revoked_at=work.now))).rowcount


async def revoke_to(work: Work, tenant_id: UUID) -> None:
    """Take back all invitations to a tenant."""
    await work.run(_taken_back(work, invitations.c.tenant_id == tenant_id))


async def revoke_to_staff(work: Work, inviter: UUID) -> None:
    """Take back what somebody offered on the staff."""
    theirs = (invitations.c.invited_by == inviter, invitations.c.tenant_id.is_(None))
    await work.run(_taken_back(work, *theirs))


def _taken_back(work: Work, *which: ColumnElement[bool]) -> Update:
    still_open = (invitations.c.accepted_at.is_(None), invitations.c.revoked_at.is_(None))
    return update(invitations).where(*which, *still_open).values(revoked_at=work.now)


async def accept(work: Work, invitation_id: UUID, user_id: UUID) -> None:
    """Write down who accepted an invitation."""
    one = invitations.c.id == invitation_id
    await work.run(update(invitations).where(one).values(accepted_at=work.now, accepted_by=user_id))


async def has_open(work: Work, role_id: UUID) -> bool:
    """Whether an invitation that can still be accepted offers this role."""
    wanted = select(invitations.c.id).where(
        invitations.c.role_id == role_id,
        invitations.c.accepted_at.is_(None),
        invitations.c.revoked_at.is_(None),
        invitations.c.expires_at > work.now,
    )
    return (await work.run(wanted.limit(1))).first() is not None


def _with_role() -> Select[Any]:
    return (
        select(
            invitations,
            roles.c.name.label("role"),
            roles.c.actions,
            users.c.name.label("inviter"),
            users.c.disabled_at.label("inviter_disabled_at"),
        )
        .join(roles, roles.c.id == invitations.c.role_id)
        .outerjoin(users, users.c.id == invitations.c.invited_by)
    )


async def forget_role(work: Work, role_id: UUID) -> None:
    """Drop the closed invitations that named a role which goes; their audit entries stay."""
    await work.run(delete(invitations).where(invitations.c.role_id == role_id))


async def forget_person(work: Work, user_id: UUID, email: str | None) -> None:
    """Drop the invitations that somebody accepted, or that were sent to their address."""
    theirs = (invitations.c.accepted_by == user_id) | (invitations.c.email == email)
    await work.run(delete(invitations).where(theirs))
