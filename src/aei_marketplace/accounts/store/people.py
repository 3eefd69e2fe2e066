"""Queries of tenants, users, roles, memberships and tokens."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.accounts.models import identities, memberships, roles, staff, tenants, tokens, users
from aei_marketplace.ground.actor import PUBLISH
from aei_marketplace.ground.work import Work

_MEMBERS = (
    select(func.count(memberships.c.user_id.distinct()))
    .where(memberships.c.tenant_id == tenants.c.id)
    .scalar_subquery()
)


async def token_state(pool: asyncpg.Pool, token_hash: bytes) -> asyncpg.Record | None:
    """Who stands behind a token's hash."""
    return await pool.fetchrow("select * from authenticate($1)", token_hash)


async def identity(work: Work, user_id: UUID, tenant_id: UUID | None) -> Row[Any] | None:
    """Who a user is in a tenant, for jobs that act for them."""
    return (await work.run(text("select * from identify(:u, :t)"), {"u": user_id, "t": tenant_id})).first()


async def password_of(pool: asyncpg.Pool, email: str) -> asyncpg.Record | None:
    """What a password is checked against, before anybody is signed in."""
    return await pool.fetchrow("select * from password_of($1)", email)


async def places_of(work: Work, user_id: UUID) -> tuple[dict[str, UUID], bool]:
    """Where a person belongs: tenants by short name, and whether they are staff."""
    own = (
        select(tenants.c.slug, tenants.c.id)
        .join(memberships, memberships.c.tenant_id == tenants.c.id)
        .where(memberships.c.user_id == user_id)
        .distinct()
    )
    found = {row.slug: row.id for row in (await work.run(own)).all()}
    on_staff = select(staff.c.user_id).where(staff.c.user_id == user_id).limit(1)
    return found, (await work.run(on_staff)).first() is not None


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


async def hold_tenant(work: Work, tenant_id: UUID) -> None:
    """Have changes of a tenant's members happen one after the other."""
    await work.run(select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update())


async def hold_staff(work: Work) -> None:
    """Have changes of the staff happen one after the other."""
    await work.run(select(staff.c.user_id).with_for_update())


async def list_roles(work: Work) -> Sequence[Row[Any]]:
    """The tenant roles that the actor's tenant can give: built-in ones first."""
    own = roles.c.tenant_id
    wanted = select(roles).where(roles.c.realm == "tenant", own.is_(None) | (own == work.actor.tenant))
    return (await work.run(wanted.order_by(own.is_not(None), roles.c.name))).all()


async def add_tenant(work: Work, tenant_id: UUID, slug: str, name: str) -> bool:
    """Create a tenant; False when the slug is taken."""
    statement = insert(tenants).values(id=tenant_id, slug=slug, name=name, policies={}, created_at=work.now)
    done = await work.run(statement.on_conflict_do_nothing(index_elements=["slug"]))
    return done.rowcount == 1


async def find_tenant(work: Work, slug: str) -> Row[Any] | None:
    """A tenant by its short name, if the actor may see it."""
    return (await work.run(select(tenants).where(tenants.c.slug == slug))).first()


async def list_tenants(work: Work) -> Sequence[Row[Any]]:
    """The tenants that the actor may see."""
    return (await work.run(select(tenants).order_by(tenants.c.slug))).all()


async def find_tenants(work: Work, text: str, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Tenants whose short name or name has this text, by short name; with members, one more than `limit`."""
    statement = (
        select(tenants.c.id, tenants.c.slug, tenants.c.name, tenants.c.created_at, _MEMBERS.label("members"))
        .where(_named_like(text))
        .order_by(tenants.c.slug)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(tenants.c.slug > after)
    return (await work.run(statement)).all()


async def count_tenants(work: Work, text: str) -> int:
    """How many tenants have this text in their short name or name."""
    statement = select(func.count()).select_from(tenants).where(_named_like(text))
    return int((await work.run(statement)).scalar_one())


def _named_like(text: str) -> ColumnElement[bool]:
    return or_(
        tenants.c.slug.icontains(text, autoescape=True), tenants.c.name.icontains(text, autoescape=True)
    )


async def find_policies(work: Work, tenant_id: UUID, *, hold: bool) -> Any:
    """A tenant's policies; with `hold` nobody else changes them until this work ends."""
    wanted = select(tenants.c.policies).where(tenants.c.id == tenant_id)
    return (await work.run(wanted.with_for_update() if hold else wanted)).scalar_one()


async def save_policies(work: Work, tenant_id: UUID, policies: dict[str, Any]) -> None:
    """Write a tenant's policies."""
    await work.run(update(tenants).where(tenants.c.id == tenant_id).values(policies=policies))


async def add_user(work: Work, values: dict[str, Any]) -> bool:
    """Create a user; False when the e-mail is taken."""
    done = await work.run(insert(users).values(**values).on_conflict_do_nothing(index_elements=["email"]))
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


async def names_of(work: Work, ids: Collection[UUID]) -> dict[UUID, str]:
    """What these users are called; those that the actor may not see are left out."""
    rows = await work.run(select(users.c.id, users.c.name).where(users.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


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


async def add_token(work: Work, values: dict[str, Any]) -> None:
    """Store an issued token's hash."""
    await work.run(insert(tokens).values(**values))


async def list_tokens(work: Work, user_id: UUID | None) -> Sequence[Row[Any]]:
    """Tokens of one user, or of the whole tenant when `user_id` is None, newest first."""
    statement = select(tokens).order_by(tokens.c.id.desc())
    if user_id is not None:
        statement = statement.where(tokens.c.user_id == user_id)
    return (await work.run(statement)).all()


async def find_token(work: Work, token_id: UUID) -> Row[Any] | None:
    """A token by id, if the actor may see it."""
    return (await work.run(select(tokens).where(tokens.c.id == token_id))).first()


async def revoke_publishing_tokens(work: Work, tenant_id: UUID, namespace: str) -> int:
    """Revoke a tenant's valid tokens that name a namespace or a plugin in it; how many there were."""
    scope = func.unnest(tokens.c.scopes).column_valued("scope")
    named = exists(select(scope).where(scope.startswith(f"{PUBLISH}:{namespace}.", autoescape=True)))
    mine = tokens.c.tenant_id == tenant_id, tokens.c.revoked_at.is_(None)
    statement = update(tokens).where(*mine, named).values(revoked_at=work.now)
    return (await work.run(statement)).rowcount


async def revoke_tokens(work: Work, at: datetime, **where: Any) -> int:
    """Revoke the valid tokens whose columns have these values; how many there were."""
    conditions = [tokens.c[name] == value for name, value in where.items()]
    statement = update(tokens).where(tokens.c.revoked_at.is_(None), *conditions).values(revoked_at=at)
    return (await work.run(statement)).rowcount
