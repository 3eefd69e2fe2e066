"""What the index reads of each listing."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from sqlalchemy import text

from aei_marketplace.catalog.rules.searching import SPAN_PARTS
from aei_marketplace.catalog.rules.states import OFFERED
from aei_marketplace.ground.work import Work

_BATCH = 2_000

_COLUMNS = """
  select p.id, p.name, p.description, p.keywords, p.categories, p.kind, p.permissions, p.pricing_model,
    p.namespace, lower(b.name) as publisher, p.installs,
    coalesce(p.rating_weighed_sum, p.rating_sum)::float8 as rating_total,
    coalesce(p.rating_weight, p.rating_count)::float8 as rating_weight,
    extract(epoch from p.updated_at)::float8 as updated_at,
    case when p.visibility = 'public' then null else array(
      select a.tenant_id::text from plugin_audiences a where a.plugin_id = p.id
      union select p.owner_tenant::text order by 1) end as audience,
    p.latest_preview is not null as offered,
    coalesce(p.latest_shown in (select r.id from releases r where r.certified_until is not null), false)
      as certified,
    p.changed_in::text as changed_in,
"""
_SPANS = f"""
  array_agg(distinct concat_ws('{SPAN_PARTS}', c.lower, c.upper,
                               nullif(array_to_string(c.prerelease_cores, '{SPAN_PARTS}'), ''))) as spans
  from releases r join release_compatibility c on c.release_id = r.id
  where r.state in ({", ".join(f"'{state}'" for state in OFFERED)})
"""
# Of all plugins the releases are read once. To look them up for each plugin takes minutes where the database
# does not know yet how many there are, which is so after a large import.
_ALL = f"""
  with supported as (select r.plugin_id, {_SPANS} group by r.plugin_id)
  {_COLUMNS} coalesce(s.spans, '{{}}') as spans
  from plugins p join publishers b on b.id = p.publisher_id left join supported s on s.plugin_id = p.id
  where p.latest_preview is not null order by p.installs desc, p.id
"""  # noqa: S608 words of ours
_CHANGED = f"""
  {_COLUMNS} coalesce((select {_SPANS} and r.plugin_id = p.id), '{{}}') as spans
  from plugins p join publishers b on b.id = p.publisher_id
  where p.changed_in >= $1::text::xid8 order by p.changed_in
"""  # noqa: S608 words of ours
#: Everything older has ended, and what it changed is visible.
_HORIZON = text("select pg_snapshot_xmin(pg_current_snapshot())::text")


class Document(msgspec.Struct, frozen=True):
    """One listing as the index needs it.

    Attributes:
        audience: the tenants that may see it; None for everybody.
        offered: whether a release of it is.
        rating_total, rating_weight: the sum of its ratings and what they weigh, newer versions more.
        certified: whether the listed release is.
        spans: AEI versions that its offered releases support, as `lower|upper|cores…` (precedence keys).
        changed_in: the transaction that changed it last.
    """

    id: str
    name: str
    description: str
    keywords: tuple[str, ...]
    categories: tuple[str, ...]
    kind: str
    permissions: tuple[str, ...]
    pricing_model: str
    namespace: str
    publisher: str
    installs: int
    rating_total: float
    rating_weight: float
    updated_at: float
    audience: tuple[str, ...] | None
    offered: bool
    certified: bool
    spans: tuple[str, ...]
    changed_in: str


async def horizon(work: Work) -> str:
    """The transaction before which nothing can change any more; ask before reading."""
    return str((await work.run(_HORIZON)).scalar_one())


async def all_offered(work: Work) -> AsyncIterator[list[Document]]:
    """Every offered plugin in batches, the most installed first."""
    driver = (await work.connection.get_raw_connection()).driver_connection
    assert driver is not None
    batch: list[Document] = []
    async for row in driver.cursor(_ALL, prefetch=_BATCH):
        batch.append(_document(row))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


async def changed_since(work: Work, since: str) -> list[Document]:
    """Plugins that a transaction from `since` on has changed, offered or not."""
    driver = (await work.connection.get_raw_connection()).driver_connection
    assert driver is not None
    return [_document(row) for row in await driver.fetch(_CHANGED, since)]


def _document(row: Any) -> Document:
    return msgspec.convert(dict(row), Document, strict=False)
