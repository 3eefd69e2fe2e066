"""Queries of roles."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.accounts.models import memberships, roles
from aei_marketplace.ground.work import Work


async def write_builtin_role(
    work: Work, role_id: UUID, realm: str, name: str, actions: Sequence[str]
) -> None:
    """Create a built-in role, or bring its actions up to date."""
    statement = insert(roles).values(id=role_id, realm=realm, name=name, actions=list(actions))
    await work.run(
        statement.on_conflict_do_update(
            index_elements=["realm", "tenant_id", "name"], set_={"actions": statement.excluded.actions}
        )
    )


async def find_role(work: Work, realm: str, name: str) -> Row[Any] | None:
    """A role by name: the tenant's own before the built-in one."""
    wanted = (
        select(roles)
        .where(roles.c.realm == realm, roles.c.name == name)
        .order_by(roles.c.tenant_id.is_(None))
    )
    return (await work.run(wanted)).first()


async def find_own_role(work: Work, role_id: UUID, tenant_id: UUID) -> Row[Any] | None:
    """A tenant's own role, held until the work ends."""
    wanted = select(roles).where(roles.c.id == role_id, roles.c.tenant_id == tenant_id)
    return (await work.run(wanted.with_for_update())).first()


async def add_role(work: Work, values: dict[str, Any]) -> bool:
    """Store a tenant's own role; False when it has one of that name."""
    return (await work.run(insert(roles).values(**values).on_conflict_do_nothing())).rowcount == 1


async def change_role(work: Work, role_id: UUID, **values: Any) -> None:
    """Change a role."""
    await work.run(update(roles).where(roles.c.id == role_id).values(**values))


async def remove_role(work: Work, role_id: UUID) -> None:
    """Remove a role that nobody has and no invitation ever named."""
    await work.run(delete(roles).where(roles.c.id == role_id))


async def role_is_held(work: Work, role_id: UUID) -> bool:
    """Whether any member has a role."""
    wanted = select(memberships.c.user_id).where(memberships.c.role_id == role_id).limit(1)
    return (await work.run(wanted)).first() is not None


async def actions_of(work: Work, user_id: UUID, tenant_id: UUID) -> frozenset[str]:
    """What a member's roles grant them."""
    wanted = (
        select(func.unnest(roles.c.actions))
        .join(memberships, memberships.c.role_id == roles.c.id)
        .where(memberships.c.user_id == user_id, memberships.c.tenant_id == tenant_id)
    )
    return frozenset((await work.run(wanted)).scalars().all())


async def list_roles(work: Work) -> Sequence[Row[Any]]:
    """The tenant roles that the actor's tenant can give: built-in ones first."""
    own = roles.c.tenant_id
    wanted = select(roles).where(roles.c.realm == "tenant", own.is_(None) | (own == work.actor.tenant))
    return (await work.run(wanted.order_by(own.is_not(None), roles.c.name))).all()
