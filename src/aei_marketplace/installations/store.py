"""Every query of installations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, any_, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from aei_marketplace.ground.work import Work
from aei_marketplace.installations.models import automatic_updates, installation_wishes, installations
from aei_marketplace.installations.rules.views import Installation, Reached

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
_REACH = text("select tenant_id, tenant, plugin_id, version, installations from advisory_reach(:advisory)")
_LIVE = installations.c.removed_at.is_(None)
# Every page with cards asks: to compose it took longer than to answer it.
_SEVERAL = select(installations).where(
    installations.c.tenant_id == bindparam("tenant"),
    installations.c.plugin_id == any_(bindparam("plugin_ids", type_=ARRAY(Text))),
    _LIVE,
)
_EMPTY: dict[str, Any] = {}


async def hold(work: Work, tenant: UUID, plugin_id: str) -> None:
    """Have this work alone decide about a plugin in a tenant until it ends."""
    await work.run(_HOLD, {"name": f"installation/{tenant}/{plugin_id}"})


async def find(work: Work, tenant: UUID, plugin_id: str) -> Installation | None:
    """The live installation of a plugin."""
    query = select(installations).where(
        installations.c.tenant_id == tenant, installations.c.plugin_id == plugin_id, _LIVE
    )
    row = (await work.run(query)).first()
    return _installation(row) if row else None


async def find_several(work: Work, tenant: UUID, plugin_ids: Sequence[str]) -> dict[str, Installation]:
    """The live installations of these plugins, by plugin id."""
    rows = await work.run(_SEVERAL, {"tenant": tenant, "plugin_ids": list(plugin_ids)})
    return {row.plugin_id: _installation(row) for row in rows}


async def find_removed(work: Work, tenant: UUID, plugin_id: str) -> Installation | None:
    """The installation that was uninstalled last, if it is still kept."""
    query = (
        select(installations)
        .where(
            installations.c.tenant_id == tenant,
            installations.c.plugin_id == plugin_id,
            installations.c.purged_at.is_(None),
            installations.c.purge_after > work.now,
        )
        .order_by(installations.c.removed_at.desc())
        .limit(1)
    )
    row = (await work.run(query)).first()
    return _installation(row) if row else None


async def find_page(work: Work, tenant: UUID, after: str | None, limit: int) -> list[Installation]:
    """Live installations by plugin id, one more than `limit` if there are more."""
    later = [installations.c.plugin_id > after] if after else []
    query = select(installations).where(installations.c.tenant_id == tenant, _LIVE, *later)
    rows = await work.run(query.order_by(installations.c.plugin_id).limit(limit + 1))
    return [_installation(row) for row in rows]


async def installed_releases(work: Work) -> list[UUID]:
    """The releases of live installations, those installed longest first."""
    query = select(installations.c.release_id).where(_LIVE).group_by(installations.c.release_id)
    rows = await work.run(query.order_by(func.min(installations.c.created_at)))
    return list(rows.scalars())


async def find_of_releases(work: Work, release_ids: Iterable[UUID]) -> list[Installation]:
    """The live installations of these releases, in all tenants that the actor sees."""
    wanted = select(installations).where(installations.c.release_id.in_(list(release_ids)), _LIVE)
    rows = await work.run(wanted.order_by(installations.c.tenant_id, installations.c.id))
    return [_installation(row) for row in rows]


async def find_reach(work: Work, advisory_id: str) -> list[Reached]:
    """How far an advisory reaches: the actor's own tenant, all for staff, numbers for the publisher."""
    rows = await work.run(_REACH, {"advisory": advisory_id})
    return [Reached(**row._mapping) for row in rows]


async def find_versions(work: Work, tenant: UUID, plugin_id: str) -> list[str]:
    """The versions that a tenant has or had last, the live installation first, then the latest removed."""
    query = (
        select(installations.c.version)
        .where(installations.c.tenant_id == tenant, installations.c.plugin_id == plugin_id)
        .order_by(installations.c.removed_at.desc().nulls_first())
    )
    return list(dict.fromkeys((await work.run(query)).scalars()))


async def find_tenants(work: Work, plugin_id: str) -> list[UUID]:
    """The tenants that have a plugin installed, of those that the actor sees."""
    query = select(installations.c.tenant_id).where(installations.c.plugin_id == plugin_id, _LIVE)
    return list((await work.run(query)).scalars())


async def find_live(work: Work, tenant: UUID) -> list[Installation]:
    """All live installations of a tenant."""
    rows = await work.run(select(installations).where(installations.c.tenant_id == tenant, _LIVE))
    return [_installation(row) for row in rows]


async def find_followers(work: Work, tenant: UUID) -> list[Installation]:
    """A tenant's live installations that follow a channel."""
    query = select(installations).where(installations.c.tenant_id == tenant, _LIVE, ~installations.c.pinned)
    return [_installation(row) for row in await work.run(query.order_by(installations.c.plugin_id))]


async def find_following_tenants(work: Work) -> list[UUID]:
    """The tenants that have any."""
    query = select(installations.c.tenant_id).where(_LIVE, ~installations.c.pinned).distinct()
    return list((await work.run(query)).scalars())


async def ask_automatic(work: Work, installation: Installation, release_id: UUID, again: timedelta) -> bool:
    """Write down that an installation is to go to a release by itself.

    Returns:
        False when that was asked already, no longer ago than `again`.
    """
    new = insert_or_update(automatic_updates).values(
        installation_id=installation.id,
        release_id=release_id,
        tenant_id=installation.tenant_id,
        asked_at=work.now,
    )
    asked = new.on_conflict_do_update(
        index_elements=["installation_id", "release_id"],
        set_={"asked_at": work.now},
        where=automatic_updates.c.asked_at < work.now - again,
    )
    return bool((await work.run(asked)).rowcount)


async def count(work: Work, tenant: UUID) -> int:
    """How many live installations a tenant has."""
    query = select(func.count()).select_from(installations).where(installations.c.tenant_id == tenant, _LIVE)
    return int((await work.run(query)).scalar_one())


async def save(work: Work, installation: Installation) -> None:
    """Write an installation, new or changed."""
    values = asdict(installation)
    changed = update(installations).where(installations.c.id == installation.id).values(values)
    if (await work.run(changed)).rowcount == 0:
        await work.run(insert(installations).values(values))


async def purge(work: Work) -> int:
    """Forget what was kept of installations whose time is over; returns of how many."""
    due = update(installations).where(
        installations.c.purged_at.is_(None), installations.c.purge_after <= work.now
    )
    forgotten = await work.run(due.values(purged_at=work.now, config=_EMPTY, grants=_EMPTY, policy=_EMPTY))
    return int(forgotten.rowcount)


async def find_unforgotten(work: Work, most: int) -> list[tuple[UUID, UUID]]:
    """Tenant and id of purged installations whose files may still be kept, those that wait longest first."""
    query = (
        select(installations.c.tenant_id, installations.c.id)
        .where(installations.c.purged_at.is_not(None), installations.c.files_forgotten_at.is_(None))
        .order_by(installations.c.purged_at)
        .limit(most)
    )
    return [(row.tenant_id, row.id) for row in await work.run(query)]


async def mark_forgotten(work: Work, id: UUID) -> None:
    """Write down that no files of an installation are kept any more."""
    forgotten = update(installations).where(installations.c.id == id)
    await work.run(forgotten.values(files_forgotten_at=work.now))


def _installation(row: Row[Any]) -> Installation:
    values = row._asdict()
    del values["purged_at"], values["files_forgotten_at"]
    return Installation(**values)


async def add_wish(work: Work, values: Mapping[str, Any]) -> None:
    """Keep what an operation was asked with."""
    await work.run(insert(installation_wishes).values(**values))


async def find_wish(work: Work, operation_id: UUID, plugin_id: str) -> Row[Any] | None:
    """What an operation on a plugin was asked with."""
    which = (installation_wishes.c.operation_id == operation_id, installation_wishes.c.plugin_id == plugin_id)
    return (await work.run(select(installation_wishes).where(*which))).first()


async def forget_wishes(work: Work, before: datetime) -> None:
    """Drop what was kept since before a moment."""
    await work.run(delete(installation_wishes).where(installation_wishes.c.created_at < before))
