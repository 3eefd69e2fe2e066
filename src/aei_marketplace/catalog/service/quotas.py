"""Quotas of publishers: looked at before a release is stored, and held while it is written down."""

from uuid import UUID

from aei_marketplace.catalog.errors import NoSuchPublisher
from aei_marketplace.catalog.events import QuotaNear
from aei_marketplace.catalog.rules.quotas import QuotaUse, allowed, came_near, check_quota
from aei_marketplace.catalog.store import publishers, quotas, verification
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.publisher_quota import PublisherQuota
from aei_marketplace.ground.work import Work


async def find_quota(work: Work, default: PublisherQuota) -> tuple[QuotaUse, PublisherQuota]:
    """What the tenant's publisher uses, and what it may."""
    work.actor.require_somewhere("plugin.publish")
    publisher = await publishers.find_publisher(work, work.actor.in_tenant())
    if publisher is None:
        return QuotaUse(0, 0, 0), default
    return await quotas.use_of(work, publisher), allowed(default, await quotas.own_quota(work, publisher))


async def decide_quota(work: Work, publisher_id: UUID, own: dict[str, int | None]) -> None:
    """Allow one publisher more or less than the operator's defaults; None keeps the default.

    Raises:
        NotAllowed, ProofNeeded: the actor does not administer tenants, or has not proven lately who they are.
        NoSuchPublisher: there is none.
    """
    work.actor.require("tenant.administer")
    work.actor.require_recent_proof(work.now)
    tenant = await quotas.tenant_of(work, publisher_id)
    if tenant is None:
        raise NoSuchPublisher(f"There is no publisher {publisher_id}.")
    await quotas.decide(work, publisher_id, tenant, own)
    work.record(Fact("publisher.set_quota", "publisher", str(publisher_id), context=dict(own)))


async def spend(work: Work, publisher: UUID, size: int, default: PublisherQuota) -> None:
    """Count a release of so many bytes, with the publisher held: publishing at once does not slip through.

    Raises:
        QuotaExceeded, PublishRateExceeded: it does not fit.
    """
    await verification.hold_publisher(work, publisher)
    before, quota = await _look(work, publisher, size, default)
    after = before.with_one_more(size)
    for name in came_near(before, after, quota):
        work.emit(QuotaNear(work.actor.in_tenant(), name, getattr(after, name), getattr(quota, name)))


async def _look(
    work: Work, publisher: UUID, size: int, default: PublisherQuota
) -> tuple[QuotaUse, PublisherQuota]:
    quota = allowed(default, await quotas.own_quota(work, publisher))
    before = await quotas.use_of(work, publisher)
    free_at = await quotas.free_at(work, publisher, quota.releases_per_hour)
    check_quota(before.with_one_more(size), quota, free_at, work.now)
    return before, quota
