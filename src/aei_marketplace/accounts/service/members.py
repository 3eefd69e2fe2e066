"""People and service accounts, the roles that they hold in tenants and on the staff."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import EmailTaken, LastAdmin, NoSuchUser, UnknownRole
from aei_marketplace.accounts.service.passwords import hash_password
from aei_marketplace.accounts.service.sessions import end_sessions
from aei_marketplace.accounts.store import invitations, people, tenants, tokens
from aei_marketplace.accounts.store import roles as role_store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.work import Work, Works

_ROLE_IDS = UUID("5f0c6c1e-63a1-4c6f-9f5b-3a6d3a1d8f10")


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
    if not await people.add_user(work, values):
        raise EmailTaken("A user with that e-mail address exists.")
    personal = {"name": name, **({"email": email} if email else {})}
    work.record(Fact("user.create", "user", str(user_id), personal=personal))
    return user_id


async def find_user(work: Work, email: str) -> UUID:
    """A user's id by e-mail.

    Raises:
        NoSuchUser: there is none that the actor may see.
    """
    row = await people.find_user(work, rules.check_email(email))
    if row is None:
        raise NoSuchUser("There is no such user.")
    found: UUID = row.id
    return found


async def add_member(work: Work, user_id: UUID, role: str, tenant: UUID | None = None) -> None:
    """Give a user a role in the actor's tenant (staff: in any).

    Raises:
        UnknownRole: the tenant has no such role.
        BeyondOwnRights: it grants what the actor does not hold.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require("member.administer" if work.actor.tenant else "tenant.administer")
    work.actor.require_recent_proof(work.now)
    tenant_id = tenant or work.actor.in_tenant()
    found = await known_role(work, "tenant", role)
    await people.add_membership(work, user_id, tenant_id, found.id)
    work.record(Fact("member.add", "user", str(user_id), context={"role": role, "tenant": str(tenant_id)}))


async def change_member(work: Work, user_id: UUID, roles: Sequence[str]) -> None:
    """Give a member these roles and no others; what they may do changes at once, also for their tokens.

    Raises:
        NoSuchUser: they are no member.
        UnknownRole: the tenant has no such role.
        BeyondOwnRights: a role that they have not yet grants what the actor does not hold.
        LastAdmin: nobody else could administer the tenant.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require("member.administer")
    work.actor.require_recent_proof(work.now)
    tenant_id = work.actor.in_tenant()
    if not roles:
        raise Invalid("A member has a role.", faults=[Fault("/roles", "at least one")])
    member = await _hold_member(work, user_id, keeps_admin="Admin" in roles)
    new = [await known_role(work, "tenant", role) for role in sorted(set(roles) - set(member.roles))]
    kept = [await _role(work, "tenant", role) for role in sorted(set(roles) & set(member.roles))]
    await people.remove_memberships(work, user_id, tenant_id)
    for role in (*kept, *new):
        await people.add_membership(work, user_id, tenant_id, role.id)
    context = {"from": sorted(member.roles), "to": sorted(set(roles))}
    work.record(Fact("member.change", "user", str(user_id), context=context))


async def remove_member(work: Work, user_id: UUID) -> None:
    """Take a user out of the actor's tenant; their tokens, sessions and open invitations there end at once.

    Raises:
        NoSuchUser: they are no member.
        LastAdmin: nobody else could administer the tenant.
    """
    work.actor.require("member.administer")
    tenant_id = work.actor.in_tenant()
    await _hold_member(work, user_id, keeps_admin=False)
    await people.remove_memberships(work, user_id, tenant_id)
    await tokens.revoke_tokens(work, work.now, user_id=user_id, tenant_id=tenant_id)
    await end_sessions(work, "membership", user_id=user_id, tenant_id=tenant_id)
    await invitations.revoke_of(work, user_id, tenant_id)
    work.record(Fact("member.remove", "user", str(user_id)))


async def belongs_to(work: Work, user_id: UUID, tenant_id: UUID) -> bool:
    """Whether a user has a role in a tenant, as far as the actor may see: staff see all."""
    return await people.is_member(work, user_id, tenant_id)


async def tenants_of(work: Work, user_id: UUID) -> frozenset[UUID]:
    """The tenants in which a user has a role, as far as the actor may see them: staff see all."""
    return await people.tenants_of(work, user_id)


async def actor_belongs(work: Work, tenant_id: UUID) -> bool:
    """Whether the actor has a role in a tenant, whichever they act in."""
    return await people.actor_belongs(work, tenant_id)


async def names_of(work: Work, users: Collection[UUID]) -> dict[UUID, str]:
    """What users are called, as far as the actor may see them: those of their own tenant."""
    return await people.names_of(work, users)


async def opened_at(work: Work, users: Collection[UUID]) -> dict[UUID, datetime]:
    """Since when users have their accounts, as far as the actor may see them."""
    return await people.opened_at(work, users)


async def list_members(work: Work) -> list[dict[str, Any]]:
    """The members of the actor's tenant."""
    work.actor.require("member.administer")
    rows = await people.list_members(work, work.actor.in_tenant())
    return [
        {"id": r.id, "kind": r.kind, "email": r.email, "name": r.name, "roles": sorted(r.roles)} for r in rows
    ]


async def add_staff(work: Work, user_id: UUID, role: str) -> None:
    """Give a user a staff role.

    Raises:
        UnknownRole: there is no such staff role.
    """
    work.actor.require("staff.administer")
    work.actor.require_recent_proof(work.now)
    await people.add_staff(work, user_id, (await known_role(work, "staff", role)).id)
    work.record(Fact("staff.add", "user", str(user_id), context={"role": role}))


async def write_builtin_roles(works: Works) -> None:
    """Have the database hold the built-in roles as this version defines them."""
    async with works.system("accounts.roles") as work:
        for realm, granted in (("tenant", rules.TENANT_ROLES), ("staff", rules.STAFF_ROLES)):
            for name, actions in granted.items():
                role_id = uuid5(_ROLE_IDS, f"{realm}/{name}")
                await role_store.write_builtin_role(work, role_id, realm, name, actions)


async def known_role(work: Work, realm: str, name: str) -> Any:
    """A role that the actor may give; named jobs may give any.

    Raises:
        UnknownRole: there is no such role.
        BeyondOwnRights: it grants what the actor does not hold.
    """
    role = await _role(work, realm, name)
    # Staff add a tenant's first Admin without being a member; the realms are disjoint.
    if realm == "staff" or work.actor.tenant is not None:
        rules.check_granted(role.actions, work.actor)
    return role


async def _role(work: Work, realm: str, name: str) -> Any:
    role = await role_store.find_role(work, realm, name)
    if role is None:
        known = rules.TENANT_ROLES if realm == "tenant" else rules.STAFF_ROLES
        raise UnknownRole(f"There is no {realm} role {name[:60]!r}; built in are {', '.join(known)}.")
    return role


async def _hold_member(work: Work, user_id: UUID, *, keeps_admin: bool) -> Any:
    """A member whose roles are about to change, one change of the tenant's members at a time.

    Raises:
        NoSuchUser: they are no member.
        LastAdmin: without them nobody could administer the tenant.
    """
    tenant_id = work.actor.in_tenant()
    await tenants.hold_tenant(work, tenant_id)
    members = {row.id: row for row in await people.list_members(work, tenant_id)}
    if user_id not in members:
        raise NoSuchUser("There is no such member.")
    others = [row for row in members.values() if row.id != user_id and row.disabled_at is None]
    if not keeps_admin and not any("Admin" in row.roles for row in others):
        raise LastAdmin("This is the tenant's last Admin.")
    return members[user_id]
