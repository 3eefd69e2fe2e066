"""What can be done with accounts."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from aei_marketplace.accounts import rules, store
from aei_marketplace.accounts.errors import (
    AccountDisabled,
    EmailTaken,
    LastAdmin,
    NoSuchTenant,
    NoSuchToken,
    NoSuchUser,
    SlugTaken,
    UnknownRole,
    UnknownToken,
    WrongPassword,
)
from aei_marketplace.ground.actor import Actor, ActorKind
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.work import Work, Works

_hasher = PasswordHasher()
#: Verified when there is no such account, so that both cases take the same time.
_NOBODY = _hasher.hash("nobody has this password")
#: Each check takes 64 MiB and 50 ms of a core; more at once would starve everything else.
_checks = asyncio.Semaphore(2)
_ROLE_IDS = UUID("5f0c6c1e-63a1-4c6f-9f5b-3a6d3a1d8f10")


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it; `secret` is known only at the moment of issue."""

    id: UUID
    user_id: UUID
    tenant_id: UUID | None
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    secret: str | None = None


async def authenticate(works: Works, token: str, trace_id: str) -> Actor:
    """The actor behind a bearer token.

    Raises:
        NotSignedIn: unknown, revoked or expired; a refused known token is recorded.
    """
    row = await store.token_state(works.database.quick, rules.token_hash(token))
    if row is None:
        raise UnknownToken("This token was not issued here.")
    state = rules.TokenState(**row)
    actor = _actor(state)
    try:
        rules.check_token(state, works.clock())
    except NotSignedIn as refusal:
        await works.record_denial(actor, refusal, trace_id)
        raise
    return actor


async def actor_for(works: Works, user_id: UUID, tenant_id: UUID | None) -> Actor:
    """The actor that a job acts for, with the rights that they have now.

    Raises:
        AccountDisabled: the account was closed in the meantime, or is gone.
    """
    async with works.system("accounts.identify") as work:
        row = await store.identity(work, user_id, tenant_id)
    if row is None or row.disabled_at is not None:
        raise AccountDisabled("The account that asked for this is closed.")
    actions = rules.effective_actions(tenant_id, row.tenant_actions, row.staff_actions, ("*",))
    return Actor(
        ActorKind(row.kind),
        row.user_id,
        row.name,
        row.tenant_id,
        row.tenant_slug,
        actions,
        staff=tenant_id is None,
    )


async def sign_in(works: Works, email: str, password: str, tenant: str | None, trace_id: str) -> Token:
    """Exchange e-mail and password for a token.

    Args:
        tenant: which of the user's tenants to act in; needed only when there are several.

    Raises:
        WrongPassword: they do not belong together, or there is no such account.
        NoSuchTenant: the user is no member of that tenant, or of several and named none.
    """
    row = await store.password_of(works.database.quick, email)
    usable = row is not None and row["password_hash"] and row["disabled_at"] is None
    if not await _password_fits(row["password_hash"] if usable and row else _NOBODY, password) or not usable:
        raise WrongPassword("E-mail and password do not belong together.")
    assert row is not None
    tenant_id = _chosen_tenant(json.loads(row["tenants"]), tenant, row["is_staff"])
    actor = await actor_for(works, row["user_id"], tenant_id)
    async with works.begin(actor, trace_id) as work:
        return await issue_token(work, name="signed in", scopes=("*",))


async def issue_token(
    work: Work,
    *,
    name: str,
    scopes: Sequence[str] = ("*",),
    lifetime: timedelta | None = None,
    owner: UUID | None = None,
    tenant: UUID | None = None,
) -> Token:
    """Issue a token to the actor, or to another member of the tenant.

    Args:
        owner, tenant: whom it is for and where it acts; the actor and their tenant when absent.
    """
    for_self = owner is None or owner == work.actor.id
    if not for_self:
        work.actor.require("token.administer" if work.actor.tenant else "tenant.administer")
    user_id, tenant_id = owner or work.actor.id, tenant or work.actor.tenant
    if user_id is None:
        raise NotSignedIn("Nobody is signed in.")
    rules.check_reach(scopes, work.actor.actions if work.actor.scoped else None)
    secret = rules.new_token()
    token = Token(
        new_id(),
        user_id,
        tenant_id,
        name,
        rules.check_scopes(scopes),
        work.now,
        rules.token_expiry(work.now, lifetime),
        secret=secret,
    )
    await store.add_token(work, _token_values(token, rules.token_hash(secret)))
    work.record(Fact("token.create", "token", str(token.id), context={"scopes": list(token.scopes)}))
    return token


async def list_tokens(work: Work) -> list[Token]:
    """The actor's own tokens; all of the tenant's for who administers them."""
    everyones = work.actor.may("token.administer")
    rows = await store.list_tokens(work, None if everyones else work.actor.id)
    return [_token(row) for row in rows]


async def revoke_token(work: Work, token_id: UUID) -> None:
    """Take a token back at once.

    Raises:
        NoSuchToken: there is none that the actor may see.
    """
    row = await store.find_token(work, token_id)
    if row is None:
        raise NoSuchToken("There is no such token.")
    if row.user_id != work.actor.id:
        work.actor.require("token.administer")
    await store.revoke_tokens(work, work.now, id=token_id)
    work.record(Fact("token.revoke", "token", str(token_id)))


async def create_tenant(work: Work, slug: str, name: str) -> UUID:
    """Create a tenant.

    Raises:
        SlugTaken: there is one of that short name.
    """
    work.actor.require("tenant.administer")
    tenant_id = new_id()
    if not await store.add_tenant(work, tenant_id, rules.check_slug(slug), name):
        raise SlugTaken(f"A tenant named {slug} exists.")
    work.record(Fact("tenant.create", "tenant", str(tenant_id), context={"slug": slug}))
    return tenant_id


async def find_tenant(work: Work, slug: str) -> UUID:
    """A tenant's id by its short name.

    Raises:
        NoSuchTenant: there is none that the actor may see.
    """
    row = await store.find_tenant(work, slug)
    if row is None:
        raise NoSuchTenant(f"There is no tenant {slug[:60]}.")
    found: UUID = row.id
    return found


async def list_tenants(work: Work) -> list[dict[str, Any]]:
    """All tenants, for staff."""
    work.actor.require("tenant.administer")
    rows = await store.list_tenants(work)
    return [{"id": r.id, "slug": r.slug, "name": r.name, "created_at": r.created_at} for r in rows]


async def find_policies(work: Work, *, hold: bool = False) -> dict[str, Any]:
    """The policies of the actor's tenant, for who administers them.

    Args:
        hold: nobody else changes them until this work ends.
    """
    work.actor.require("policy.administer")
    found: dict[str, Any] = await store.find_policies(work, work.actor.in_tenant(), hold=hold)
    return found


async def policies_in_force(work: Work) -> dict[str, Any]:
    """The policies of the actor's tenant, for what has to obey them."""
    found: dict[str, Any] = await store.find_policies(work, work.actor.in_tenant(), hold=False)
    return found


async def save_policies(work: Work, policies: dict[str, Any]) -> None:
    """Replace the policies of the actor's tenant; the caller has checked them."""
    work.actor.require("policy.administer")
    tenant_id = work.actor.in_tenant()
    await store.save_policies(work, tenant_id, policies)
    work.record(Fact("policy.change", "tenant", str(tenant_id), context={"policies": policies}))


async def create_user(
    work: Work, *, name: str, email: str | None = None, password: str | None = None, service: bool = False
) -> UUID:
    """Create a user, or a service account (an orchestrator) without a password.

    Raises:
        EmailTaken: somebody has that address.
    """
    work.actor.require("member.administer" if work.actor.tenant else "tenant.administer")
    user_id = new_id()
    values = {
        "id": user_id,
        "kind": "service" if service else "user",
        "email": rules.check_email(email) if email else None,
        "name": name,
        "password_hash": await hash_password(rules.check_password(password)) if password else None,
        "created_at": work.now,
    }
    if not await store.add_user(work, values):
        raise EmailTaken("A user with that e-mail address exists.")
    personal = {"name": name, **({"email": email} if email else {})}
    work.record(Fact("user.create", "user", str(user_id), personal=personal))
    return user_id


async def find_user(work: Work, email: str) -> UUID:
    """A user's id by e-mail.

    Raises:
        NoSuchUser: there is none that the actor may see.
    """
    row = await store.find_user(work, rules.check_email(email))
    if row is None:
        raise NoSuchUser("There is no such user.")
    found: UUID = row.id
    return found


async def add_member(work: Work, user_id: UUID, role: str, tenant: UUID | None = None) -> None:
    """Give a user a role in the actor's tenant (staff: in any).

    Raises:
        UnknownRole: the tenant has no such role.
    """
    work.actor.require("member.administer" if work.actor.tenant else "tenant.administer")
    tenant_id = tenant or work.actor.in_tenant()
    role_id = await _role(work, "tenant", role)
    await store.add_membership(work, user_id, tenant_id, role_id)
    work.record(Fact("member.add", "user", str(user_id), context={"role": role, "tenant": str(tenant_id)}))


async def remove_member(work: Work, user_id: UUID) -> None:
    """Take a user out of the actor's tenant; their tokens for it stop working at once.

    Raises:
        NoSuchUser: they are no member.
        LastAdmin: nobody else could administer the tenant.
    """
    work.actor.require("member.administer")
    tenant_id = work.actor.in_tenant()
    members = await store.list_members(work, tenant_id)
    if not any(m.id == user_id for m in members):
        raise NoSuchUser("There is no such member.")
    if not any("Admin" in m.roles for m in members if m.id != user_id):
        raise LastAdmin("This is the tenant's last Admin.")
    await store.remove_memberships(work, user_id, tenant_id)
    await store.revoke_tokens(work, work.now, user_id=user_id, tenant_id=tenant_id)
    work.record(Fact("member.remove", "user", str(user_id)))


async def list_members(work: Work) -> list[dict[str, Any]]:
    """The members of the actor's tenant."""
    work.actor.require("member.administer")
    rows = await store.list_members(work, work.actor.in_tenant())
    return [
        {"id": r.id, "kind": r.kind, "email": r.email, "name": r.name, "roles": sorted(r.roles)} for r in rows
    ]


async def list_roles(work: Work) -> list[dict[str, Any]]:
    """The roles that can be given in the actor's tenant, with what each grants."""
    rows = await store.list_roles(work)
    return [{"name": r.name, "actions": sorted(r.actions), "own": r.tenant_id is not None} for r in rows]


async def add_staff(work: Work, user_id: UUID, role: str) -> None:
    """Give a user a staff role.

    Raises:
        UnknownRole: there is no such staff role.
    """
    work.actor.require("staff.administer")
    await store.add_staff(work, user_id, await _role(work, "staff", role))
    work.record(Fact("staff.add", "user", str(user_id), context={"role": role}))


async def write_builtin_roles(works: Works) -> None:
    """Have the database hold the built-in roles as this version defines them."""
    async with works.system("accounts.roles") as work:
        for realm, granted in (("tenant", rules.TENANT_ROLES), ("staff", rules.STAFF_ROLES)):
            for name, actions in granted.items():
                role_id = uuid5(_ROLE_IDS, f"{realm}/{name}")
                await store.write_builtin_role(work, role_id, realm, name, actions)


async def hash_password(password: str) -> str:
    """An argon2id hash; takes 50 ms of another thread."""
    async with _checks:
        return await asyncio.to_thread(_hasher.hash, password)


async def _password_fits(password_hash: str, password: str) -> bool:
    async with _checks:
        try:
            return await asyncio.to_thread(_hasher.verify, password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False


async def _role(work: Work, realm: str, name: str) -> UUID:
    role_id = await store.find_role(work, realm, name)
    if role_id is None:
        known = rules.TENANT_ROLES if realm == "tenant" else rules.STAFF_ROLES
        raise UnknownRole(f"There is no {realm} role {name[:60]!r}; built in are {', '.join(known)}.")
    return role_id


def _chosen_tenant(tenants: dict[str, str], wanted: str | None, is_staff: bool) -> UUID | None:
    if wanted is None and len(tenants) == 1:
        return UUID(next(iter(tenants.values())))
    if wanted is None and not tenants and is_staff:
        return None
    if wanted is None or wanted not in tenants:
        raise NoSuchTenant(f"Name one of your tenants: {', '.join(sorted(tenants)) or 'you have none'}.")
    return UUID(tenants[wanted])


def _actor(state: rules.TokenState) -> Actor:
    actions = rules.effective_actions(
        state.tenant_id, state.tenant_actions, state.staff_actions, state.scopes
    )
    return Actor(
        ActorKind(state.kind),
        state.user_id,
        state.name,
        state.tenant_id,
        state.tenant_slug,
        actions,
        staff=state.tenant_id is None and bool(state.staff_actions),
        token=state.token_id,
        scoped="*" not in state.scopes,
    )


def _token(row: Any) -> Token:
    return Token(
        row.id,
        row.user_id,
        row.tenant_id,
        row.name,
        tuple(row.scopes),
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )


def _token_values(token: Token, token_hash: bytes) -> dict[str, Any]:
    return {
        "id": token.id,
        "user_id": token.user_id,
        "tenant_id": token.tenant_id,
        "name": token.name,
        "hash": token_hash,
        "scopes": list(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }
