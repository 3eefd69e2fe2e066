"""Impressions and clicks, by collection, plugin and UTC day."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text

from aei_marketplace.collections.models import collection_clicks as table
from aei_marketplace.collections.rules.clicks import Clicks
from aei_marketplace.ground.work import Work

Counted = Mapping[tuple[UUID, str, date], Clicks]

# All that a minute brought, in one statement. In one order everywhere: two processes that write the same
# rows wait for one another, and never each for the other.
_ADD = text(
    "insert into collection_clicks (collection_id, plugin_id, day, impressions, clicks)"
    " select * from unnest(cast(:collections as uuid[]), cast(:plugins as text[]), cast(:days as date[]),"
    " cast(:impressions as bigint[]), cast(:clicks as bigint[]))"
    " on conflict (collection_id, day, plugin_id) do update set"
    " impressions = collection_clicks.impressions + excluded.impressions,"
    " clicks = collection_clicks.clicks + excluded.clicks"
)
_SUMS = (func.sum(table.c.impressions).label("impressions"), func.sum(table.c.clicks).label("clicks"))


async def add(work: Work, counted: Counted) -> None:
    """Add what was counted to what stands there."""
    keys = sorted(counted)
    await work.run(
        _ADD,
        {
            "collections": [collection for collection, _, _ in keys],
            "plugins": [plugin_id for _, plugin_id, _ in keys],
            "days": [day for _, _, day in keys],
            "impressions": [counted[key].impressions for key in keys],
            "clicks": [counted[key].clicks for key in keys],
        },
    )


async def sum_by_day(work: Work, since: date) -> dict[UUID, dict[date, Clicks]]:
    """Each collection's counts by day, from a day on."""
    wanted = (
        select(table.c.collection_id, table.c.day, *_SUMS)
        .where(table.c.day >= since)
        .group_by(table.c.collection_id, table.c.day)
    )
    found: dict[UUID, dict[date, Clicks]] = {}
    for row in await work.run(wanted):
        found.setdefault(row.collection_id, {})[row.day] = _as_clicks(row)
    return found


async def sum_by_plugin(work: Work, collection_id: UUID, since: date) -> dict[str, Clicks]:
    """One collection's counts by plugin, from a day on."""
    wanted = (
        select(table.c.plugin_id, *_SUMS)
        .where(table.c.collection_id == collection_id, table.c.day >= since)
        .group_by(table.c.plugin_id)
    )
    return {row.plugin_id: _as_clicks(row) for row in await work.run(wanted)}


async def forget_before(work: Work, day: date) -> None:
    """Drop the counts of earlier days."""
    await work.run(delete(table).where(table.c.day < day))


def _as_clicks(row: Row[Any]) -> Clicks:
    return Clicks(int(row.impressions), int(row.clicks))
