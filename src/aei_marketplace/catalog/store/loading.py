"""Many listings at once, each with one listed release without a package, straight into the tables."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from aei_marketplace.catalog.rules.compatibility import intervals
from aei_marketplace.catalog.rules.loading import VERSION, Loaded
from aei_marketplace.catalog.rules.versions import precedence_key
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work

_ROWS = (
    "select * from jsonb_to_recordset(cast(:rows as jsonb)) as t(id text, release uuid, manifest jsonb,"
    " permissions text[], pricing text, installs integer, sha256 text)"
)
_PLUGINS = text(f"""
  insert into plugins (id, namespace, publisher_id, owner_tenant, visibility, name, description, kind,
    categories, keywords, permissions, pricing_model, listed_at, installs, created_at, updated_at)
  select id, split_part(id, '.', 1), :publisher, :tenant, 'public', manifest->>'name',
    manifest->>'description', manifest->>'kind',
    array(select jsonb_array_elements_text(manifest->'categories')), '{{}}', permissions, pricing, :now,
    installs, :now, :now
  from ({_ROWS}) t on conflict (id) do nothing returning id
""")  # noqa: S608 our own words
_RELEASES = text(f"""
  insert into releases (id, plugin_id, version, channel, precedence, state, state_changed_at, listed_at,
    package_sha256, size_bytes, component_sha256, component_size, manifest, aei_range, published_at)
  select release, id, :version, 'stable', :precedence, 'listed', :now, :now, sha256, 0, sha256, 0, manifest,
    manifest->'compatibility'->>'aei', :now
  from ({_ROWS}) t where id = any(:new)
""")  # noqa: S608 our own words
_SPANS = text(f"""
  insert into release_compatibility (release_id, position, lower, upper, prerelease_cores)
  select release, s.position, s.lower, s.upper, '{{}}' from ({_ROWS}) t
  join jsonb_to_recordset(cast(:spans as jsonb))
    as s(aei text, position integer, lower text, upper text) on s.aei = manifest->'compatibility'->>'aei'
  where id = any(:new)
""")  # noqa: S608 our own words
_POINT = text(f"""
  update plugins p set latest_stable = release, latest_preview = release, latest_shown = release
  from ({_ROWS}) t where t.id = p.id and t.id = any(:new)
""")  # noqa: S608 our own words


async def add_listings(work: Work, publisher: UUID, tenant: UUID, listings: Sequence[Loaded]) -> int:
    """Insert those that are not there yet; how many these were."""
    rows = msgspec.json.encode([_row(listing) for listing in listings]).decode()
    owned = {"rows": rows, "publisher": publisher, "tenant": tenant, "now": work.now}
    new = list((await work.run(_PLUGINS, owned)).scalars())
    of_new = {"rows": rows, "new": new}
    precedence = precedence_key(VERSION)
    await work.run(_RELEASES, {**of_new, "version": VERSION, "precedence": precedence, "now": work.now})
    ranges = {listing.manifest["compatibility"]["aei"] for listing in listings}
    await work.run(_SPANS, {**of_new, "spans": msgspec.json.encode(_spans(ranges)).decode()})
    await work.run(_POINT, of_new)
    return len(new)


def _row(listing: Loaded) -> dict[str, Any]:
    return {
        "id": listing.id,
        "release": str(new_id()),
        "manifest": listing.manifest,
        "permissions": sorted(listing.manifest["permissions"]),
        "pricing": listing.manifest["pricing"]["model"],
        "installs": listing.installs,
        "sha256": hashlib.sha256(listing.id.encode()).hexdigest(),
    }


def _spans(ranges: set[str]) -> list[dict[str, Any]]:
    return [
        {"aei": aei, "position": position, "lower": span.lower, "upper": span.upper}
        for aei in sorted(ranges)
        for position, span in enumerate(intervals(aei))
    ]
