"""A tenant's own roles, made by ticking actions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import NoSuchRole, RoleInUse, RoleTaken
from aei_marketplace.accounts.store import invitations
from aei_marketplace.accounts.store import roles as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work


async def list_roles(work: Work) -> list[dict[str, Any]]:
    """The roles that can be given in the actor's tenant, built-in ones first, with what each grants."""
    rows = await store.list_roles(work)
    return [
        {"id": r.id, "name": r.name, "actions": sorted(r.actions), "own": r.tenant_id is not None}
        for r in rows
    ]


async def create_role(work: Work, name: str, actions: Sequence[str]) -> UUID:
    """Make a role of the tenant's own.

    Raises:
        Invalid: its name or actions cannot be used; a staff action never can.
        BeyondOwnRights: it would grant what the actor does not hold.
        RoleTaken: the tenant has one of that name.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require("role.administer")
    work.actor.require_recent_proof(work.now)
    tenant_id, wanted = work.actor.in_tenant(), rules.check_role_name(name)
    granted = rules.check_role_actions(actions)
    rules.check_granted(granted, work.actor)
    role_id = new_id()
    values = {
        "id": role_id,
        "realm": "tenant",
        "tenant_id": tenant_id,
        "name": wanted,
        "actions": list(granted),
    }
    if not await store.add_role(work, values):
        raise RoleTaken(f"There is a role named {wanted}.")
    work.record(Fact("role.create", "role", str(role_id), context={"name": wanted, "actions": list(granted)}))
    return role_id


async def change_role(work: Work, role_id: UUID, actions: Sequence[str]) -> None:
    """Have one of the tenant's own roles grant these actions; its members' rights change at once.

    Raises:
        NoSuchRole: the tenant has no such role of its own; built-in ones cannot be changed.
        Invalid: the actions cannot be used.
        BeyondOwnRights: it would grant anew what the actor does not hold.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require("role.administer")
    work.actor.require_recent_proof(work.now)
    role = await _own(work, role_id)
    granted = rules.check_role_actions(actions)
    rules.check_granted(set(granted) - set(role.actions), work.actor)
    await store.change_role(work, role_id, actions=list(granted))
    context = {"name": role.name, "from": sorted(role.actions), "to": list(granted)}
    work.record(Fact("role.change", "role", str(role_id), context=context))


async def remove_role(work: Work, role_id: UUID) -> None:
    """Remove one of the tenant's own roles.

    Raises:
        NoSuchRole: the tenant has no such role of its own.
        RoleInUse: members have it, or an invitation offers it.
    """
    work.actor.require("role.administer")
    work.actor.require_recent_proof(work.now)
    role = await _own(work, role_id)
    if await store.role_is_held(work, role_id) or await invitations.has_open(work, role_id):
        raise RoleInUse(f"Members have the role {role.name}, or an invitation offers it.")
    await invitations.forget_role(work, role_id)
    await store.remove_role(work, role_id)
    work.record(Fact("role.remove", "role", str(role_id), context={"name": role.name}))


async def _own(work: Work, role_id: UUID) -> Any:
    role = await store.find_own_role(work, role_id, work.actor.in_tenant())
    if role is None:
        raise NoSuchRole("Your tenant has no such role of its own.")
    return role
