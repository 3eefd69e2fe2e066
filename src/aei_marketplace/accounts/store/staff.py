"""Queries of the staff."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, select

from aei_marketplace.accounts.models import roles, staff, users
from aei_marketplace.ground.work import Work


async def list_all(work: Work) -> Sequence[Row[Any]]:
    """Who holds a role of the staff, by name, with the names of their roles."""
    return (await work.run(_with_roles().where(staff.c.role_id.is_not(None)))).all()


async def find(work: Work, user_id: UUID) -> Row[Any] | None:
    """A user with their roles on the staff, if there is one."""
    return (await work.run(_with_roles().where(users.c.id == user_id))).first()


async def remove(work: Work, user_id: UUID) -> None:
    """Take all roles of the staff from a user."""
    await work.run(delete(staff).where(staff.c.user_id == user_id))


def _with_roles() -> Select[Any]:
    held = func.array_agg(roles.c.name).filter(roles.c.name.is_not(None))
    return (
        select(
            users.c.id,
            users.c.kind,
            users.c.email,
            users.c.name,
            users.c.disabled_at,
            func.coalesce(held, []).label("roles"),
        )
        .outerjoin(staff, staff.c.user_id == users.c.id)
        .outerjoin(roles, roles.c.id == staff.c.role_id)
        .group_by(users.c.id)
        .order_by(users.c.name, users.c.id)
    )
