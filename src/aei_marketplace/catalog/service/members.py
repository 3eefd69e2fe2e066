"""Who belongs to a namespace. Whoever administers the tenant counts as an owner in each of its namespaces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog.errors import NoSuchNamespace, NoSuchNamespaceMember, NotInNamespace
from aei_marketplace.catalog.rules.membership import (
    Member,
    NamespaceRole,
    Right,
    Standing,
    check_named,
    check_removed,
)
from aei_marketplace.catalog.store import members as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class OwnNamespace:
    """A namespace of the actor's tenant.

    Attributes:
        members_only: its members alone publish into it; otherwise whoever publishes for the tenant.
        role: what the actor is named as in it; None when they are not.
        administers: whether the actor may name members and hand it over.
        plugins: how many there are in it.
    """

    name: str
    members_only: bool
    role: NamespaceRole | None
    administers: bool
    plugins: int
    created_at: datetime


async def require_right(work: Work, name: str, right: Right, plugin_id: str | None = None) -> None:
    """Stop here unless the actor may do this in a namespace of their tenant.

    Args:
        plugin_id: what it is about, where it is about one plugin.

    Raises:
        NoSuchNamespace: the tenant has no such one.
        NotInNamespace: it is its members' alone, or takes an owner.
    """
    standing = await store.standing(work, name, plugin_id)
    if standing is None:
        raise _missing(name)
    if not standing.may(right):
        needed = "a member" if right is Right.PUBLISH else "an owner"
        raise NotInNamespace(f"This takes {needed} of the namespace {name}, and you are none.")


async def require_whole_publisher(work: Work) -> None:
    """Stop here unless the actor is an owner wherever only members are asked: it concerns every namespace.

    Raises:
        NotInNamespace: there is a namespace in which they are no owner.
    """
    if not work.actor.may("member.administer") and (closed := await store.closed_to(work)):
        where = ", ".join(closed[:5])
        raise NotInNamespace(f"This concerns all of your publisher, and you are no owner of: {where}.")


async def list_namespaces(work: Work) -> list[OwnNamespace]:
    """The namespaces of the actor's tenant, by name."""
    work.actor.require_somewhere("plugin.publish")
    return [_view(work, row) for row in await store.list_own(work)]


async def find_namespace(work: Work, name: str) -> OwnNamespace:
    """A namespace of the actor's tenant.

    Raises:
        NoSuchNamespace: it has no such one; another's looks the same.
    """
    work.actor.require_somewhere("plugin.publish")
    row = await store.find_own(work, name)
    if row is None:
        raise _missing(name)
    return _view(work, row)


async def list_namespace_members(work: Work, name: str) -> tuple[list[Member], Mapping[UUID, str]]:
    """Who belongs to a namespace, the longest first, and what they are called.

    Raises:
        NoSuchNamespace: the tenant has no such one.
    """
    await find_namespace(work, name)
    members = await store.members_of(work, name)
    return members, await accounts.names_of(work, [member.user_id for member in members])


async def namespace_plugins(work: Work, name: str) -> Sequence[str]:
    """The plugins of a namespace that the actor may see, by id."""
    return await store.plugins_in(work, name)


async def name_member(work: Work, name: str, user_id: UUID, role: NamespaceRole) -> None:
    """Name a member of the tenant in a namespace, or change what they are; it is its members' alone then.

    Raises:
        NotAllowed, ProofNeeded: the actor is no owner, or has not proven lately who they are.
        NoSuchNamespace, NoSuchNamespaceMember: the tenant has no such namespace, or no such member.
        FirstMemberOwns, LastOwner: the namespace would have no owner.
    """
    await _hold(work, name)
    await require_right(work, name, Right.ADMINISTER)
    if not await accounts.belongs_to(work, user_id, work.actor.in_tenant()):
        raise NoSuchNamespaceMember("Your tenant has no such member.")
    check_named(await _roles(work, name), user_id, role)
    await store.save_member(work, name, user_id, role)
    context = {"user": str(user_id), "role": str(role)}
    work.record(Fact("namespace.add_member", "namespace", name, context=context))


async def remove_namespace_member(work: Work, name: str, user_id: UUID) -> None:
    """Take somebody out of a namespace; everybody may leave.

    Raises:
        NotAllowed, ProofNeeded: the actor is no owner, or has not proven lately who they are.
        NoSuchNamespace, NoSuchNamespaceMember: the tenant has no such namespace, or it no such member.
        LastOwner: they are the last one.
    """
    await _hold(work, name)
    if user_id != work.actor.id:
        await require_right(work, name, Right.ADMINISTER)
    check_removed(await _roles(work, name), user_id)
    await store.remove_member(work, name, user_id)
    work.record(Fact("namespace.remove_member", "namespace", name, context={"user": str(user_id)}))


async def open_namespace(work: Work, name: str) -> None:
    """Give a namespace back to all who publish for its tenant; it has no members then.

    Raises:
        NotAllowed, ProofNeeded: the actor is no owner, or has not proven lately who they are.
        NoSuchNamespace: the tenant has no such one.
    """
    await _hold(work, name)
    await require_right(work, name, Right.ADMINISTER)
    await store.open_to_all(work, name)
    work.record(Fact("namespace.open", "namespace", name))


async def _hold(work: Work, name: str) -> None:
    work.actor.require("plugin.publish")  # for the whole publisher: no limited token widens itself so
    work.actor.require_recent_proof(work.now)
    if not await store.hold_own(work, name):
        raise _missing(name)


async def _roles(work: Work, name: str) -> dict[UUID, NamespaceRole]:
    return {member.user_id: member.role for member in await store.members_of(work, name)}


def _view(work: Work, row: Row[Any]) -> OwnNamespace:
    role = None if row.role is None else NamespaceRole(row.role)
    standing = Standing(role, row.members_only, work.actor.may("member.administer"))
    administers = standing.may(Right.ADMINISTER)
    return OwnNamespace(row.name, row.members_only, role, administers, row.plugins, row.created_at)


def _missing(name: str) -> NoSuchNamespace:
    return NoSuchNamespace(f"Your tenant has no namespace {name[:60]!r}.")
