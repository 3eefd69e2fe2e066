"""What publishers use, and what staff allow some of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import plugins, publisher_quotas, publishers, releases
from aei_marketplace.catalog.rules.quotas import RATE_PERIOD, QuotaUse
from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.ground.work import Work

_R, _Q = releases.c, publisher_quotas.c
_NAMES = ("storage_bytes", "releases", "releases_per_hour")


async def use_of(work: Work, publisher_id: UUID) -> QuotaUse:
    """What a publisher uses now."""
    kept = _R.state != ReleaseState.REMOVED
    wanted = select(
        func.coalesce(func.sum(_R.size_bytes).filter(kept), 0),
        func.count().filter(kept),
        func.count().filter(_R.published_at > work.now - RATE_PERIOD),
    ).join(plugins, plugins.c.id == _R.plugin_id)
    row = (await work.run(wanted.where(plugins.c.publisher_id == publisher_id))).one()
    return QuotaUse(*map(int, row))


async def free_at(work: Work, publisher_id: UUID, rate: int) -> datetime:
    """When a publisher may publish again that may do so many times within the period."""
    mine = select(_R.published_at).join(plugins, plugins.c.id == _R.plugin_id)
    newest = mine.where(plugins.c.publisher_id == publisher_id).order_by(_R.published_at.desc())
    counted = (await work.run(newest.offset(max(rate - 1, 0)).limit(1))).scalar()
    return (counted or work.now) + RATE_PERIOD


async def own_quota(work: Work, publisher_id: UUID) -> dict[str, int | None]:
    """What staff decided for a publisher, by the names of a quota; None keeps the default."""
    wanted = select(*(_Q[name] for name in _NAMES)).where(_Q.publisher_id == publisher_id)
    row = (await work.run(wanted)).first()
    return {} if row is None else dict(row._mapping)


async def tenant_of(work: Work, publisher_id: UUID) -> UUID | None:
    """The tenant of a publisher."""
    return (await work.run(select(publishers.c.tenant_id).where(publishers.c.id == publisher_id))).scalar()


async def decide(work: Work, publisher_id: UUID, tenant: UUID, own: dict[str, int | None]) -> None:
    """Keep what staff decided for a publisher."""
    values: dict[str, Any] = {**own, "updated_at": work.now}
    adding = insert(publisher_quotas).values(publisher_id=publisher_id, tenant_id=tenant, **values)
    await work.run(adding.on_conflict_do_update(index_elements=["publisher_id"], set_=values))
