"""Tenants that pay by invoice and have access at once."""

from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing.events.purchases import BuyerAccountChanged
from aei_marketplace.billing.rules.purchases import PurchaseState
from aei_marketplace.billing.service.purchases import begin_access, with_access
from aei_marketplace.billing.store import purchases as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work

STAFF_ACTION = "revenue.administer"


async def set_on_account(work: Work, slug: str, *, on_account: bool) -> None:
    """Decide whether a tenant pays by invoice; a job has what it has bought follow.

    Raises:
        NotAllowed: the actor does not administer revenue.
        NoSuchTenant: there is none of that short name.
    """
    work.actor.require(STAFF_ACTION)
    tenant, by = await accounts.find_tenant(work, slug), work.actor.id
    assert by is not None, "who holds an action of the staff has an account"
    await store.set_on_account(work, tenant, on_account, by)
    work.record(Fact("buyer.on_account", "tenant", str(tenant), context={"on_account": on_account}))
    work.emit(BuyerAccountChanged(tenant))


async def is_on_account(work: Work, slug: str) -> bool:
    """Whether a tenant pays by invoice.

    Raises:
        NotAllowed: the actor does not administer revenue.
        NoSuchTenant: there is none of that short name.
    """
    work.actor.require(STAFF_ACTION)
    return await store.is_on_account(work, await accounts.find_tenant(work, slug))


async def follow_account(work: Work, tenant: UUID) -> None:
    """Have what a tenant has bought follow the decision about it.

    Args:
        work: of a named job.
    """
    work.actor.require(STAFF_ACTION)
    on_account = await store.is_on_account(work, tenant)
    for purchase_id in await store.live_of_tenant(work, tenant):
        held = await store.hold(work, purchase_id)
        if held is None or held.ended_at is not None:
            continue
        if held.state is not PurchaseState.PENDING_PAYMENT:
            await store.save(work, await with_access(work, held))
        elif on_account:
            await store.save(work, await begin_access(work, held, work.now))
