"""Queries of users, their memberships and the staff."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Row, and_, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.accounts.models import identities, memberships, roles, staff, tenants, tokens, users
from aei_marketplace.ground.work import Work

_BELONGS = text("select accounts_belongs(:tenant)")


async def identity(work: Work, user_id: UUID, tenant_id: UUID | None) -> Row[Any] | None:
    """Who a user is in a tenant, for jobs that act for them."""
    return (await work.run(text("select * from identify(:u, :t)"), {"u": user_id, "t": tenant_id})).first()


async def password_of(pool: asyncpg.Pool, email: str) -> asyncpg.Record | None:
    """What a password is checked against, before anybody is signed in."""
    return await pool.fetchrow("select * from password_of($1)", email)


async def places_of(work: Work, user_id: UUID) -> tuple[dict[str, UUID], bool]:
    """Where a person belongs: open tenants by short name, and whether they are staff."""
    own = (
        select(tenants.c.slug, tenants.c.id)
        .join(memberships, memberships.c.tenant_id == tenants.c.id)
        .where(memberships.c.user_id == user_id, tenants.c.closed_at.is_(None))
        .distinct()
    )
    found = {row.slug: row.id for row in (await work.run(own)).all()}
    on_staff = select(staff.c.user_id).where(staff.c.user_id == user_id).limit(1)
    return found, (await work.run(on_staff)).first() is not None


async def hold_staff(work: Work) -> None:
    """Have changes of the staff happen one after the other."""
    await work.run(select(staff.c.user_id).with_for_update())


async def add_user(work: Work, values: dict[str, Any]) -> bool:
    """Create a user; False when the e-mail is taken."""
    # Without naming the column: that would ask whether the actor sees the new row, and nobody does before
    # it belongs to a tenant.
    done = await work.run(insert(users).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def find_user(work: Work, email: str) -> Row[Any] | None:
    """A user by e-mail, if the actor may see them."""
    return (await work.run(select(users).where(users.c.email == email))).first()


async def recoverable(work: Work, user_id: UUID) -> Row[Any] | None:
    """An open account whose password a mailed link may set: not one that signs in by a provider alone."""
    linked = select(identities.c.id).where(identities.c.user_id == users.c.id).exists()
    wanted = select(users.c.id, users.c.email).where(
        users.c.id == user_id,
        users.c.disabled_at.is_(None),
        users.c.email.is_not(None),
        users.c.password_hash.is_not(None) | ~linked,
    )
    return (await work.run(wanted)).first()


async def email_of(work: Work, user_id: UUID) -> str | None:
    """A user's e-mail, if the actor may see them."""
    found: str | None = (
        await work.run(select(users.c.email).where(users.c.id == user_id))
    ).scalar_one_or_none()
    return found


async def password_hash_of(work: Work, user_id: UUID) -> str | None:
    """The hash of a user's password; None without one."""
    found: str | None = (
        await work.run(select(users.c.password_hash).where(users.c.id == user_id))
    ).scalar_one_or_none()
    return found


async def set_password(work: Work, user_id: UUID, password_hash: str) -> None:
    """Replace the hash of a user's password."""
    await work.run(update(users).where(users.c.id == user_id).values(password_hash=password_hash))


async def add_membership(work: Work, user_id: UUID, tenant_id: UUID, role_id: UUID) -> None:
    """Give a user a role in a tenant; giving it again changes nothing."""
    values = {"user_id": user_id, "tenant_id": tenant_id, "role_id": role_id, "created_at": work.now}
    await work.run(insert(memberships).values(**values).on_conflict_do_nothing())


async def is_member(work: Work, user_id: UUID, tenant_id: UUID) -> bool:
    """Whether a user has a role in a tenant."""
    wanted = and_(memberships.c.user_id == user_id, memberships.c.tenant_id == tenant_id)
    return (await work.run(select(memberships.c.user_id).where(wanted).limit(1))).first() is not None


async def tenants_of(work: Work, user_id: UUID) -> frozenset[UUID]:
    """The tenants in which a user has a role, as far as the actor may see them."""
    wanted = select(memberships.c.tenant_id).where(
        memberships.c.user_id == user_id, memberships.c.tenant_id.is_not(None)
    )
    return frozenset((await work.run(wanted)).scalars())


async def actor_belongs(work: Work, tenant_id: UUID) -> bool:
    """Whether the actor has a role in a tenant, whichever they act in."""
    return bool((await work.run(_BELONGS, {"tenant": tenant_id})).scalar_one())


async def names_of(work: Work, ids: Collection[UUID]) -> dict[UUID, str]:
    """What these users are called; those that the actor may not see are left out."""
    rows = await work.run(select(users.c.id, users.c.name).where(users.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


async def opened_at(work: Work, ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Since when these users have their accounts; those that the actor may not see are left out."""
    rows = await work.run(select(users.c.id, users.c.created_at).where(users.c.id.in_(ids)))
    return {row.id: row.created_at for row in rows}


async def remove_memberships(work: Work, user_id: UUID, tenant_id: UUID) -> int:
    """Take all of a user's roles in a tenant; how many there were."""
    wanted = and_(memberships.c.user_id == user_id, memberships.c.tenant_id == tenant_id)
    return (await work.run(delete(memberships).where(wanted))).rowcount


async def list_members(work: Work, tenant_id: UUID) -> Sequence[Row[Any]]:
    """The tenant's members with the names of their roles."""
    statement = (
        select(
            users.c.id,
            users.c.kind,
            users.c.email,
            users.c.name,
            users.c.disabled_at,
            func.array_agg(roles.c.name).label("roles"),
        )
        .join(memberships, memberships.c.user_id == users.c.id)
        .join(roles, roles.c.id == memberships.c.role_id)
        .where(memberships.c.tenant_id == tenant_id)
        .group_by(users.c.id)
        .order_by(users.c.name)
    )
    return (await work.run(statement)).all()


async def add_staff(work: Work, user_id: UUID, role_id: UUID) -> None:
    """Give a user a staff role; giving it again changes nothing."""
    values = {"user_id": user_id, "role_id": role_id, "created_at": work.now}
    await work.run(insert(staff).values(**values).on_conflict_do_nothing())


async def has_members(work: Work, tenant: UUID) -> bool:
    """Whether anybody belongs to a tenant."""
    found = await work.run(select(memberships.c.user_id).where(memberships.c.tenant_id == tenant).limit(1))
    return found.first() is not None


async def operators(work: Work) -> Sequence[UUID]:
    """The open accounts that have the role Operator."""
    wanted = (
        select(staff.c.user_id)
        .join(roles, roles.c.id == staff.c.role_id)
        .join(users, users.c.id == staff.c.user_id)
        .where(roles.c.name == "Operator", users.c.disabled_at.is_(None))
    )
    return (await work.run(wanted)).scalars().all()


async def disable(work: Work, user_id: UUID, at: datetime | None) -> bool:
    """Close an account, or open it again; False when there is none that it changes."""
    wanted = (
        users.c.id == user_id,
        users.c.disabled_at.is_(None) if at else users.c.disabled_at.is_not(None),
    )
    return (await work.run(update(users).where(*wanted).values(disabled_at=at))).rowcount == 1


async def person(work: Work, user_id: UUID) -> Row[Any] | None:
    """A user by id, held until the work ends."""
    return (await work.run(select(users).where(users.c.id == user_id).with_for_update())).first()


async def erase(work: Work, user_id: UUID, name: str) -> None:
    """Take from a user what says who it is, and where they belong."""
    nobody = {"name": name, "email": None, "password_hash": None}
    await work.run(update(users).where(users.c.id == user_id).values(**nobody))
    await work.run(update(tokens).where(tokens.c.user_id == user_id).values(name=name))
    for belonging in (memberships, staff):
        await work.run(delete(belonging).where(belonging.c.user_id == user_id))
