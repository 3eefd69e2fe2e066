"""Plugins and what their listings show."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Row, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.accounts.rules import TokenState
from aei_marketplace.catalog.models import plugins, releases
from aei_marketplace.catalog.rules.advisories import Severity
from aei_marketplace.catalog.rules.icons import icon_path
from aei_marketplace.catalog.rules.listing import Latest
from aei_marketplace.catalog.rules.names import PUBLIC
from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.catalog.rules.versions import Channel
from aei_marketplace.catalog.rules.views import PluginBrief, PluginView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.db import read_json
from aei_marketplace.ground.work import Work

_CHANGE_INSTALLS = text("select catalog_change_installs(:plugin_id, :delta)")
_NEXT_CHANGE = text("nextval('plugin_changes')")

# One statement of the database's own: to compose it here took longer than to answer it.
_LISTINGS = text("select * from catalog_listings(:ids)")
_LISTINGS_FOR = "select * from catalog_listings_for($1, $2, $3, $4)"
_LISTINGS_AND_HOLDER = """
  select (select row_to_json(a)::text from authenticate($5) a) as token,
    array(select l from catalog_listings_for($1, $2, $3, $4) l) as listings
"""
_FIELDS = (
    "id", "visibility", "owner_tenant", "publisher_name", "publisher_verified", "installs", "rating_sum",
    "rating_count", "latest_version", "latest_channel", "latest_state", "document", "advisory", "certified",
    "created_at", "updated_at",
)  # fmt: skip


async def find(work: Work, plugin_id: str) -> PluginView | None:
    """One plugin that the actor may see."""
    return (await by_ids(work, [plugin_id])).get(plugin_id)


async def by_ids(work: Work, ids: Sequence[str]) -> dict[str, PluginView]:
    """Several plugins; those that the actor may not see are left out."""
    rows = await work.run(_LISTINGS, {"ids": list(ids)}) if ids else ()
    return {row.id: _view(row, row.document) for row in rows}


async def by_ids_for(pool: asyncpg.Pool, actor: Actor, ids: Sequence[str]) -> dict[str, PluginView]:
    """The same as somebody may see them, in one statement of its own."""
    asked = (list(ids), actor.id, actor.tenant, actor.staff)
    return _views(await pool.fetch(_LISTINGS_FOR, *asked) if ids else ())


async def by_ids_and_token(
    pool: asyncpg.Pool, token_hash: bytes, holder: Actor, ids: Sequence[str]
) -> tuple[TokenState | None, dict[str, PluginView]]:
    """The same as somebody may see them, and what is known of the token that they are thought to hold."""
    asked = (list(ids), holder.id, holder.tenant, holder.staff)
    token, listings = await pool.fetchrow(_LISTINGS_AND_HOLDER, *asked, token_hash)
    return TokenState.read(token) if token else None, _views(listings)


async def briefs(work: Work, ids: Iterable[str]) -> dict[str, PluginBrief]:
    """Several plugins without their manifests; those that the actor may not see are left out."""
    wanted = (
        select(
            plugins.c.id,
            plugins.c.name,
            plugins.c.description,
            plugins.c.kind,
            plugins.c.visibility,
            releases.c.state,
            plugins.c.listed_at.is_not(None).label("was_listed"),
        )
        .select_from(plugins)
        .outerjoin(releases, releases.c.id == plugins.c.latest_shown)
        .where(plugins.c.id.in_(list(ids)))
    )
    rows = (row._mapping for row in await work.run(wanted))
    return {
        row["id"]: PluginBrief(**{**row, "state": ReleaseState(row["state"]) if row["state"] else None})
        for row in rows
    }


async def publishing_tenants(work: Work, ids: Iterable[str]) -> dict[str, UUID]:
    """The tenant that publishes each of these plugins; those that the actor may not see are left out."""
    rows = await work.run(select(plugins.c.id, plugins.c.owner_tenant).where(plugins.c.id.in_(list(ids))))
    return {row.id: row.owner_tenant for row in rows}


async def owned_by(work: Work, tenant: UUID, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """A publisher's plugins by id, one more than `limit` if there are more; each with a count of releases."""
    counted = select(func.count()).where(releases.c.plugin_id == plugins.c.id).scalar_subquery()
    wanted = select(
        plugins.c.id,
        plugins.c.visibility,
        plugins.c.installs,
        plugins.c.rating_sum,
        plugins.c.rating_count,
        counted.label("releases"),
    ).where(plugins.c.owner_tenant == tenant)
    if after is not None:
        wanted = wanted.where(plugins.c.id > after)
    return (await work.run(wanted.order_by(plugins.c.id).limit(limit + 1))).all()


async def paid(work: Work) -> list[str]:
    """The ids of listed plugins whose described release names a price."""
    priced = (plugins.c.pricing_model != "free", plugins.c.listed_at.is_not(None))
    return list((await work.run(select(plugins.c.id).where(*priced).order_by(plugins.c.id))).scalars())


async def is_owned_by(work: Work, tenant: UUID, plugin_id: str) -> bool:
    """Whether a plugin is this publisher's."""
    wanted = select(plugins.c.id).where(plugins.c.id == plugin_id, plugins.c.owner_tenant == tenant)
    return (await work.run(wanted)).first() is not None


async def count_owned(work: Work, tenant: UUID) -> int:
    """How many plugins a publisher has."""
    wanted = select(func.count()).select_from(plugins).where(plugins.c.owner_tenant == tenant)
    return int((await work.run(wanted)).scalar_one())


async def exists(work: Work, plugin_id: str) -> bool:
    """Whether there is such a plugin that the actor may see."""
    return (await work.run(select(plugins.c.id).where(plugins.c.id == plugin_id))).first() is not None


async def lock(work: Work, plugin_id: str) -> Row[Any] | None:
    """Hold a plugin until the work ends: changes to its releases happen one after the other."""
    wanted = select(plugins.c.id, plugins.c.visibility, plugins.c.owner_tenant, plugins.c.listed_at)
    return (await work.run(wanted.where(plugins.c.id == plugin_id).with_for_update())).first()


async def add(work: Work, manifest: Mapping[str, Any], publisher_id: UUID, visibility: str) -> bool:
    """Create a plugin for its first release; False when it exists."""
    values = {
        "id": manifest["id"],
        "namespace": str(manifest["id"]).partition(".")[0],
        "publisher_id": publisher_id,
        "owner_tenant": work.actor.in_tenant(),
        "visibility": visibility,
        "created_at": work.now,
        **_described(work, manifest),
    }
    done = await work.run(insert(plugins).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def make_public(work: Work, plugin_id: str) -> None:
    """Let everybody see a plugin. If it was listed, it is new to them from now on."""
    values = {
        "visibility": PUBLIC,
        "listed_at": case((plugins.c.listed_at.is_not(None), work.now)),
        "updated_at": work.now,
        "change_sequence": _NEXT_CHANGE,
    }
    await work.run(update(plugins).where(plugins.c.id == plugin_id).values(**values))


async def describe(work: Work, plugin_id: str, latest: Latest, *, listed: bool) -> None:
    """Have the listing point at these releases and describe the one that it shows."""
    shown = select(releases.c.manifest).where(releases.c.id == latest.shown)
    manifest = (await work.run(shown)).scalar_one()
    values = {
        "latest_stable": latest.stable,
        "latest_preview": latest.preview,
        "latest_shown": latest.shown,
        "change_sequence": _NEXT_CHANGE,
        **_described(work, manifest),
    }
    if listed:
        values["listed_at"] = func.coalesce(plugins.c.listed_at, work.now)
    await work.run(update(plugins).where(plugins.c.id == plugin_id).values(**values))


async def change_installs(work: Work, plugin_id: str, delta: int) -> None:
    """Count one installation more or less."""
    await work.run(_CHANGE_INSTALLS, {"plugin_id": plugin_id, "delta": delta})


def _described(work: Work, manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": manifest["name"],
        "description": manifest["description"],
        "kind": manifest["kind"],
        "categories": list(manifest["categories"]),
        "keywords": list(manifest.get("keywords", ())),
        "permissions": sorted(manifest.get("permissions", {})),
        "pricing_model": manifest.get("pricing", {}).get("model", "free"),
        "updated_at": work.now,
    }


def _views(rows: Iterable[asyncpg.Record]) -> dict[str, PluginView]:
    return {row["id"]: _view(row, read_json(row["document"])) for row in rows}


def _view(row: Iterable[Any], manifest: Mapping[str, Any]) -> PluginView:
    """A row of `catalog_listing` as a value."""
    *values, package_sha256, icon_kind = row
    fields = dict(zip(_FIELDS, values, strict=True))
    state, advisory = ReleaseState(fields["latest_state"]), fields["advisory"]
    fields["latest_channel"], fields["latest_state"] = Channel(fields["latest_channel"]), state
    fields["document"], fields["advisory"] = manifest, Severity(advisory) if advisory else None
    fields["icon"] = icon_path(package_sha256, state, there=icon_kind is not None)
    return PluginView(**fields)
