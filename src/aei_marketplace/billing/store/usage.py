"""Every query about what runs cost."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, select, text, tuple_, update

from aei_marketplace.billing.models.usage import spend_months, usage_records
from aei_marketplace.billing.rules.usage import UsageRecord
from aei_marketplace.ground.work import Work

_ADD = text("select spend_add(:tenant, :month, :currency, :plugin, :micros, :capped)")
_BILLED = (usage_records.c.state == "billed", usage_records.c.charge_key.is_(None))


async def find_records(
    work: Work, tenant: UUID, period: date, plugin_id: str, after: UUID | None, limit: int
) -> list[UsageRecord]:
    """A month's runs of a plugin in the order of their ids, from behind one on."""
    mine = (
        usage_records.c.tenant_id == tenant,
        usage_records.c.period == period,
        usage_records.c.plugin_id == plugin_id,
        *([] if after is None else [usage_records.c.execution_id > after]),
    )
    query = select(usage_records).where(*mine).order_by(usage_records.c.execution_id).limit(limit)
    return [_record(row) for row in await work.run(query)]


async def months_to_charge(
    work: Work, before: date, after: tuple[UUID, date, str] | None, limit: int
) -> list[tuple[UUID, date, str]]:
    """Tenants with runs to charge in months that are over and in which nothing of theirs runs any more.

    Args:
        after: the last that was given before.
    """
    other = usage_records.alias()
    runs_on = exists().where(
        other.c.state == "reserved",
        other.c.tenant_id == usage_records.c.tenant_id,
        other.c.period == usage_records.c.period,
    )
    key = (usage_records.c.tenant_id, usage_records.c.period, usage_records.c.currency)
    over = [*_BILLED, usage_records.c.period < before, ~runs_on]
    if after is not None:
        over.append(tuple_(*key) > after)
    query = select(*key).where(*over).group_by(*key).order_by(*key).limit(limit)
    return [(row.tenant_id, row.period, row.currency) for row in await work.run(query)]


async def uncharged_plugins(work: Work, tenant: UUID, period: date, currency: str) -> list[str]:
    """The plugins with a tenant's runs of a month that are billed and not charged, by id."""
    mine = (
        usage_records.c.tenant_id == tenant,
        usage_records.c.period == period,
        usage_records.c.currency == currency,
    )
    query = select(usage_records.c.plugin_id).where(*mine, *_BILLED).distinct()
    return sorted((await work.run(query)).scalars())


async def set_charged(
    work: Work, tenant: UUID, period: date, currency: str, plugin_id: str, key: str
) -> bool:
    """Note which charge counts a month's runs of a plugin, held until this work ends; False if none is left.

    Counted are those that bear the key, and no other: none slips in between the sum and the note.
    """
    mine = (
        usage_records.c.tenant_id == tenant,
        usage_records.c.period == period,
        usage_records.c.currency == currency,
        usage_records.c.plugin_id == plugin_id,
    )
    noted = await work.run(update(usage_records).where(*mine, *_BILLED).values(charge_key=key))
    return noted.rowcount > 0


async def charged(
    work: Work, tenant: UUID, period: date, plugin_id: str, key: str, after: UUID | None, limit: int
) -> list[UsageRecord]:
    """Runs that a charge counts, in the order of their ids, from behind one on."""
    mine = (
        usage_records.c.tenant_id == tenant,
        usage_records.c.period == period,
        usage_records.c.plugin_id == plugin_id,
        usage_records.c.charge_key == key,
        *([] if after is None else [usage_records.c.execution_id > after]),
    )
    query = select(usage_records).where(*mine).order_by(usage_records.c.execution_id).limit(limit)
    return [_record(row) for row in await work.run(query)]


async def add_spend(
    work: Work, tenant: UUID, month: date, currency: str, plugin_id: str, micros: int, *, capped: bool
) -> None:
    """Count an amount to a month's spend; with `capped` the database refuses what exceeds a cap (AEI11)."""
    values = {"tenant": tenant, "month": month, "currency": currency, "plugin": plugin_id}
    await work.run(_ADD, {**values, "micros": micros, "capped": capped})


async def find_spend(work: Work, tenant: UUID, since: date) -> Sequence[Row[Any]]:
    """What was spent by month, currency and plugin, where '' stands for all plugins together."""
    mine = (spend_months.c.tenant_id == tenant, spend_months.c.period >= since)
    order = (spend_months.c.period, spend_months.c.currency, spend_months.c.plugin_id)
    return (await work.run(select(spend_months).where(*mine).order_by(*order))).all()


async def metered_months(work: Work, tenant: UUID, since: date) -> Sequence[Row[Any]]:
    """How many runs were counted by month and plugin, the newest month first."""
    key = (usage_records.c.period, usage_records.c.plugin_id)
    counted = func.count().label("runs")
    mine = (usage_records.c.tenant_id == tenant, usage_records.c.period >= since)
    query = select(*key, counted).where(*mine, usage_records.c.state == "billed").group_by(*key)
    return (await work.run(query.order_by(key[0].desc(), key[1]))).all()


def _record(row: Row[Any]) -> UsageRecord:
    digest = row.usage_sha256
    return UsageRecord(
        row.execution_id,
        row.purchase_id,
        row.plugin_id,
        row.version,
        row.currency,
        row.unit_micros,
        row.state,
        row.outcome,
        row.started_at,
        row.ended_at,
        None if digest is None else digest.hex(),
    )
