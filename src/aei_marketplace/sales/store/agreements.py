"""Queries: share agreements."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Row, func, insert, select

from aei_marketplace.ground.work import Work
from aei_marketplace.sales.models import agreements as table
from aei_marketplace.sales.rules.shares import Agreement, Terms, Tier

#: The class of advisory locks on plugins whose terms are set.
_HELD = 1935764582
_IN_ORDER = (table.c.effective_from, table.c.number)


async def hold(work: Work, plugin_id: str) -> None:
    """Have whoever sets terms of the same plugin wait until this work ends."""
    await work.run(select(func.pg_advisory_xact_lock(_HELD, func.hashtext(plugin_id))))


async def add(work: Work, agreement: Agreement) -> Agreement:
    """Write an agreement down; it gets its number."""
    terms = agreement.terms
    values = {
        "id": agreement.id,
        "plugin_id": agreement.plugin_id,
        "creator_share_bps": terms.creator_share_bps,
        "tiers": [msgspec.to_builtins(tier) for tier in terms.tiers],
        "processing_fee_bearer": terms.processing_fee_bearer,
        "dispute_fee_bearer": terms.dispute_fee_bearer,
        "effective_from": terms.effective_from,
        "reason": terms.reason,
        "set_by": agreement.set_by,
        "set_at": agreement.set_at,
    }
    number = (await work.run(insert(table).values(**values).returning(table.c.number))).scalar_one()
    return replace(agreement, number=number)


async def of_plugin(work: Work, plugin_id: str) -> list[Agreement]:
    """All agreements of a plugin, those that begin first first."""
    return (await of_plugins(work, {plugin_id})).get(plugin_id, [])


async def of_plugins(work: Work, plugin_ids: Collection[str]) -> Mapping[str, list[Agreement]]:
    """All agreements of some plugins, each plugin's in the order in which they begin."""
    found: defaultdict[str, list[Agreement]] = defaultdict(list)
    query = select(table).where(table.c.plugin_id.in_(plugin_ids)).order_by(*_IN_ORDER)
    for row in await work.run(query):
        found[row.plugin_id].append(_as_agreement(row))
    return found


async def plugins_page(work: Work, after: str | None, limit: int) -> list[str]:
    """Plugins that have agreements, by id, one more than `limit` if there are more."""
    later = [table.c.plugin_id > after] if after else []
    query = select(table.c.plugin_id).distinct().where(*later).order_by(table.c.plugin_id)
    return list((await work.run(query.limit(limit + 1))).scalars())


async def count_plugins(work: Work) -> int:
    """How many plugins have agreements, as the actor sees them."""
    return int((await work.run(select(func.count(table.c.plugin_id.distinct())))).scalar_one())


def _as_agreement(row: Row[Any]) -> Agreement:
    terms = Terms(
        creator_share_bps=row.creator_share_bps,
        effective_from=row.effective_from,
        reason=row.reason,
        tiers=tuple(Tier(**tier) for tier in row.tiers),
        processing_fee_bearer=row.processing_fee_bearer,
        dispute_fee_bearer=row.dispute_fee_bearer,
    )
    return Agreement(row.id, row.plugin_id, terms, row.set_by, row.set_at, row.number)
