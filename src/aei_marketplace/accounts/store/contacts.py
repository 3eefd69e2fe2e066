"""Who can be written to, and whether they still belong where they are written to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, any_, exists, literal, select

from aei_marketplace.accounts.models import memberships, roles, staff, users
from aei_marketplace.ground.work import Work

_PEOPLE = select(users.c.id, users.c.email).where(users.c.kind == "user", users.c.disabled_at.is_(None))


async def holders(work: Work, action: str, tenant: UUID | None) -> Sequence[Row[Any]]:
    """People whose roles grant an action in a tenant, or on the staff."""
    return (await work.run(_PEOPLE.where(exists(_granting(action, tenant))).order_by(users.c.id))).all()


async def members(work: Work, tenant: UUID) -> Sequence[Row[Any]]:
    """People who belong to a tenant."""
    belonging = exists().where(memberships.c.user_id == users.c.id, memberships.c.tenant_id == tenant)
    return (await work.run(_PEOPLE.where(belonging).order_by(users.c.id))).all()


async def person(work: Work, user_id: UUID) -> Row[Any] | None:
    """One person whose account is open."""
    return (await work.run(_PEOPLE.where(users.c.id == user_id))).first()


async def belongs(work: Work, user_id: UUID, tenant: UUID) -> bool:
    """Whether somebody is a member of a tenant."""
    mine = exists().where(memberships.c.user_id == user_id, memberships.c.tenant_id == tenant)
    return bool((await work.run(select(mine))).scalar_one())


def _granting(action: str, tenant: UUID | None) -> Select[Any]:
    held, where = (staff, []) if tenant is None else (memberships, [memberships.c.tenant_id == tenant])
    granting = select(held.c.user_id).join(roles, roles.c.id == held.c.role_id)
    return granting.where(held.c.user_id == users.c.id, literal(action) == any_(roles.c.actions), *where)
