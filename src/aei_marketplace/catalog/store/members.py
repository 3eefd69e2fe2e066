"""The namespaces of a tenant and who belongs to them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import (
    namespace_members,
    namespaces,
    plugins,
    publishers,
    trusted_publishers,
)
from aei_marketplace.catalog.rules.membership import Member, NamespaceRole, Standing
from aei_marketplace.ground.work import Work

_N, _M, _T = namespaces.c, namespace_members.c, trusted_publishers.c


async def find_own(work: Work, name: str) -> Row[Any] | None:
    """A namespace of the actor's tenant: name, members_only, created_at, plugins, role."""
    return (await work.run(_own(work).where(_N.name == name))).first()


async def list_own(work: Work) -> Sequence[Row[Any]]:
    """The namespaces of the actor's tenant, by name."""
    return (await work.run(_own(work).order_by(_N.name))).all()


async def hold_own(work: Work, name: str) -> bool:
    """Have changes of a namespace of the actor's tenant happen one after the other; False without one.

    Whatever is published into it at the same time is waited for.
    """
    mine = select(publishers.c.id).where(publishers.c.tenant_id == work.actor.in_tenant())
    held = select(_N.name).where(_N.name == name, _N.publisher_id.in_(mine))
    return (await work.run(held.with_for_update(key_share=True))).first() is not None


async def standing(work: Work, name: str, plugin_id: str | None) -> Standing | None:
    """How the actor stands to a namespace of their tenant; None when it has no such one.

    Args:
        plugin_id: what is published; the service account that a trusted workflow of this plugin publishes
            as counts as a maintainer.
    """
    found = await find_own(work, name)
    if found is None:
        return None
    role = None if found.role is None else NamespaceRole(found.role)
    if role is None and plugin_id is not None and await _is_trusted(work, plugin_id):
        role = NamespaceRole.MAINTAINER
    return Standing(role, found.members_only, work.actor.may("member.administer"))


async def closed_to(work: Work) -> Sequence[str]:
    """The members' own namespaces of the actor's tenant in which the actor is no owner."""
    wanted = _own(work).where(_N.members_only, _M.role.is_distinct_from(NamespaceRole.OWNER))
    return [row.name for row in await work.run(wanted.order_by(_N.name))]


async def members_of(work: Work, name: str) -> list[Member]:
    """Who belongs to a namespace, the longest first."""
    wanted = select(_M.user_id, _M.role, _M.named_by, _M.named_at).where(_M.namespace == name)
    rows = await work.run(wanted.order_by(_M.named_at, _M.user_id))
    return [Member(row.user_id, NamespaceRole(row.role), row.named_by, row.named_at) for row in rows]


async def save_member(work: Work, name: str, user: UUID, role: NamespaceRole) -> None:
    """Name somebody, or change what they are; from now on the namespace is its members' alone."""
    values = {
        "namespace": name,
        "user_id": user,
        "tenant_id": work.actor.in_tenant(),
        "role": role,
        "named_by": work.actor.id,
        "named_at": work.now,
    }
    adding = insert(namespace_members).values(**values)
    await work.run(adding.on_conflict_do_update(index_elements=["namespace", "user_id"], set_={"role": role}))
    await work.run(update(namespaces).where(_N.name == name).values(members_only=True))


async def remove_member(work: Work, name: str, user: UUID) -> None:
    """Forget that somebody belongs to a namespace."""
    await work.run(delete(namespace_members).where(_M.namespace == name, _M.user_id == user))


async def open_to_all(work: Work, name: str) -> None:
    """Have a namespace without members, which is for all who publish for its tenant."""
    await work.run(delete(namespace_members).where(_M.namespace == name))
    await work.run(update(namespaces).where(_N.name == name).values(members_only=False))


async def plugins_in(work: Work, name: str) -> Sequence[str]:
    """The plugins of a namespace that the actor may see."""
    wanted = select(plugins.c.id).where(plugins.c.namespace == name)
    return (await work.run(wanted.order_by(plugins.c.id))).scalars().all()


def _own(work: Work) -> Select[Any]:
    inside = select(func.count()).where(plugins.c.namespace == _N.name)
    mine = and_(_M.namespace == _N.name, _M.user_id == work.actor.id)
    return (
        select(_N.name, _N.members_only, _N.created_at, inside.scalar_subquery().label("plugins"), _M.role)
        .join(publishers, publishers.c.id == _N.publisher_id)
        .outerjoin(namespace_members, mine)
        .where(publishers.c.tenant_id == work.actor.in_tenant())
    )


async def _is_trusted(work: Work, plugin_id: str) -> bool:
    bound = select(_T.id).where(_T.plugin_id == plugin_id, _T.service_id == work.actor.id).limit(1)
    return (await work.run(bound)).first() is not None
