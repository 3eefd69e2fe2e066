"""Closing a tenant, and opening it again."""

from collections.abc import Collection
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import NoSuchTenant
from aei_marketplace.accounts.events import TenantClosed, TenantReopened
from aei_marketplace.accounts.service.sessions import end_sessions
from aei_marketplace.accounts.service.tenants import TenantRow
from aei_marketplace.accounts.store import invitations, people, tokens
from aei_marketplace.accounts.store import tenants as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work


async def close_tenant(work: Work, tenant_id: UUID, reason: str) -> None:
    """Close a tenant: its tokens, sessions and invitations end in this commit, and nobody acts in it.

    What runs in it ends within seconds, what waits is refused when its turn comes. Nothing is deleted; what
    it published stays as it is. Its members are told, with the reason.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or has not proven lately who they are.
        NoSuchTenant: there is none that is open.
        OwnTenant, LastTenant: somebody would be locked out who must not be.
        Invalid: the reason says nothing.
    """
    work.actor.require("tenant.administer")
    work.actor.require_recent_proof(work.now)
    typed = clean_typed(reason, rules.LONGEST_REASON, "/reason")
    still_open = await store.hold_open(work)
    if tenant_id not in still_open:
        raise NoSuchTenant("There is no such tenant that is open.")
    rules.check_closing(tenant_id, still_open, belongs=await _belongs(work, tenant_id))
    await store.save_closed(work, tenant_id, work.now)
    revoked = await tokens.revoke_tokens(work, work.now, tenant_id=tenant_id)
    ended = await end_sessions(work, "tenant", tenant_id=tenant_id)
    await invitations.revoke_to(work, tenant_id)
    context = {"tokens": revoked, "sessions": ended}
    work.record(Fact("tenant.close", "tenant", str(tenant_id), context=context, personal={"reason": typed}))
    work.emit(TenantClosed(tenant_id, await _name(work, tenant_id), typed))


async def reopen_tenant(work: Work, tenant_id: UUID) -> None:
    """Open a closed tenant again, with its members and installations; tokens and sessions stay ended.

    Its members are told.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or has not proven lately who they are.
        NoSuchTenant: there is none that is closed.
    """
    work.actor.require("tenant.administer")
    work.actor.require_recent_proof(work.now)
    if tenant_id not in await store.closed_among(work, [tenant_id]):
        raise NoSuchTenant("There is no such tenant that is closed.")
    await store.save_closed(work, tenant_id, None)
    work.record(Fact("tenant.reopen", "tenant", str(tenant_id)))
    work.emit(TenantReopened(tenant_id, await _name(work, tenant_id)))


async def describe_tenant(work: Work, tenant_id: UUID) -> TenantRow:
    """A tenant as staff see it.

    Raises:
        NotAllowed: the actor does not administer tenants.
        NoSuchTenant: there is none.
    """
    work.actor.require("tenant.administer")
    row = await store.describe_tenant(work, tenant_id)
    if row is None:
        raise NoSuchTenant("There is no such tenant.")
    return TenantRow(**row._mapping)


async def closed_among(work: Work, tenants: Collection[UUID]) -> frozenset[UUID]:
    """Those of these tenants that are closed, for named jobs, which do nothing for them."""
    return await store.closed_among(work, tenants)


async def _name(work: Work, tenant_id: UUID) -> str:
    return (await describe_tenant(work, tenant_id)).name


async def _belongs(work: Work, tenant_id: UUID) -> bool:
    return work.actor.id is not None and await people.is_member(work, work.actor.id, tenant_id)
