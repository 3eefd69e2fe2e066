"""Every query about spend caps."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Numeric, Row, cast, delete, func, insert, or_, select, update

from aei_marketplace.billing.models.usage import spend_caps, spend_months
from aei_marketplace.billing.rules.caps import ALERTS, Cap, micros_minor
from aei_marketplace.ground.work import Work


async def find_caps(work: Work, tenant: UUID) -> list[Cap]:
    """A tenant's caps, by currency, those of all plugins together first."""
    query = select(spend_caps).where(spend_caps.c.tenant_id == tenant)
    rows = await work.run(query.order_by(spend_caps.c.currency, spend_caps.c.plugin_id))
    return [_cap(row) for row in rows]


async def replace_caps(work: Work, tenant: UUID, caps: Sequence[Cap]) -> None:
    """Put these caps in the place of the tenant's, one writer after the other."""
    named = func.hashtextextended(f"caps:{tenant}", 0)
    await work.run(select(func.pg_advisory_xact_lock(named)))
    await work.run(delete(spend_caps).where(spend_caps.c.tenant_id == tenant))
    if caps:
        await work.run(insert(spend_caps), [_row(work, tenant, cap) for cap in caps])


async def forget_alerts(work: Work, tenant: UUID, period: date) -> None:
    """Tell of a month's caps anew: they have changed."""
    this = (spend_months.c.tenant_id == tenant, spend_months.c.period == period)
    await work.run(update(spend_months).where(*this).values(alerted=0))


async def near_caps(work: Work, period: date, limit: int) -> Sequence[Row[Any]]:
    """Spend that has reached an alert of its cap which was not told, held."""
    same = (
        (spend_caps.c.tenant_id == spend_months.c.tenant_id)
        & (spend_caps.c.currency == spend_months.c.currency)
        & (spend_caps.c.plugin_id == spend_months.c.plugin_id)
    )
    most = cast(spend_caps.c.month_micros, Numeric)
    reached = [
        (spend_months.c.alerted < percent) & (cast(spend_months.c.micros, Numeric) * 100 >= most * percent)
        for percent in ALERTS
    ]
    query = select(spend_months, spend_caps.c.month_micros).join(spend_caps, same)
    untold = (spend_months.c.period == period, spend_months.c.micros > 0, or_(*reached))
    return (await work.run(query.where(*untold).limit(limit).with_for_update(of=spend_months))).all()


async def set_alerted(work: Work, row: Row[Any], percent: int) -> None:
    """Note what was told."""
    this = (
        spend_months.c.tenant_id == row.tenant_id,
        spend_months.c.period == row.period,
        spend_months.c.currency == row.currency,
        spend_months.c.plugin_id == row.plugin_id,
    )
    await work.run(update(spend_months).where(*this).values(alerted=percent))


def _cap(row: Row[Any]) -> Cap:
    month, execution = (
        None if micros is None else micros_minor(micros, row.currency)
        for micros in (row.month_micros, row.execution_micros)
    )
    return Cap(row.currency, row.plugin_id or None, month, execution)


def _row(work: Work, tenant: UUID, cap: Cap) -> dict[str, Any]:
    month, execution = cap.micros()
    return {
        "tenant_id": tenant,
        "currency": cap.currency,
        "plugin_id": cap.plugin_id or "",
        "month_micros": month,
        "execution_micros": execution,
        "changed_by": work.actor.id,
        "changed_at": work.now,
    }
