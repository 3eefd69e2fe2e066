"""What a tenant allows itself to spend, and telling it how near it is."""

from collections.abc import Sequence
from datetime import UTC, date

from aei_marketplace.billing.events.purchases import SpendNearCap
from aei_marketplace.billing.rules.caps import Cap, CapStanding, check_all_caps, due_alert, micros_minor
from aei_marketplace.billing.service.purchases import ACTION
from aei_marketplace.billing.store import caps as store
from aei_marketplace.billing.store import usage as spend_store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.web.shell.formats import money

#: So many tenants are told in one go of the chore.
_BATCH = 200


async def find_caps(work: Work) -> list[CapStanding]:
    """The caps of the actor's tenant, each with what is spent this month.

    Raises:
        NotAllowed: the actor may not spend.
    """
    work.actor.require(ACTION)
    tenant = work.actor.in_tenant()
    this = this_month(work)
    spent = {
        (row.currency, row.plugin_id): row.micros
        for row in await spend_store.find_spend(work, tenant, this)
        if row.period == this
    }
    caps = await store.find_caps(work, tenant)
    return [CapStanding(cap, spent.get((cap.currency, cap.plugin_id or ""), 0)) for cap in caps]


async def put_caps(work: Work, caps: Sequence[Cap]) -> list[CapStanding]:
    """Put these caps in the place of the tenant's; runs under way finish.

    Raises:
        NotAllowed: the actor may not spend.
        CapUnfit: they are too many, or two are about the same.
    """
    work.actor.require(ACTION)
    tenant = work.actor.in_tenant()
    kept = check_all_caps(list(caps))
    await store.replace_caps(work, tenant, kept)
    await store.forget_alerts(work, tenant, this_month(work))
    said = [f"{cap.currency} {cap.plugin_id or '*'} {cap.month_minor} {cap.execution_minor}" for cap in kept]
    work.record(Fact("spend.cap", "tenant", str(tenant), context={"caps": said}))
    return await find_caps(work)


async def tell_near_caps(work: Work) -> int:
    """Tell of monthly caps that are half, nearly or wholly spent, each once; how many.

    Args:
        work: of a named job.
    """
    work.actor.require(ACTION)
    period, told = this_month(work), 0
    for row in await store.near_caps(work, period, _BATCH):
        percent = due_alert(row.micros, row.month_micros, row.alerted)
        if percent is not None:
            await store.set_alerted(work, row, percent)
            cap = money(micros_minor(row.month_micros, row.currency), row.currency)
            about = row.plugin_id or None
            work.emit(SpendNearCap(row.tenant_id, f"{period:%Y-%m}", about, percent, cap))
            told += 1
    return told


def this_month(work: Work) -> date:
    """The first day of the UTC month of a work."""
    return work.now.astimezone(UTC).date().replace(day=1)
