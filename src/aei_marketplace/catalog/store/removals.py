"""Releases that the registry took out of use, and all releases of a plugin while it is held."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, literal_column, or_, select

from aei_marketplace.catalog.models import releases
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.store.releases import by_ids
from aei_marketplace.ground.work import Work

#: Written out, so that the planner sees that the index of the removals applies.
_TAKEN_OUT = and_(
    releases.c.state.in_([literal_column("'blocked'"), literal_column("'removed'")]),
    releases.c.listed_at.is_not(None),
)


async def of_plugin(work: Work, plugin_id: str) -> list[ReleaseView]:
    """All releases of a plugin, the oldest first."""
    mine = select(releases.c.id).where(releases.c.plugin_id == plugin_id)
    found = await by_ids(work, (await work.run(mine)).scalars())
    return sorted(found, key=lambda release: (release.published_at, release.release_id))


async def find_page(
    work: Work, after: tuple[datetime, UUID] | None, limit: int
) -> tuple[list[ReleaseView], int]:
    """Releases that were listed once and are blocked or removed now, the latest first; how many there are."""
    total = (await work.run(select(func.count()).select_from(releases).where(_TAKEN_OUT))).scalar_one()
    wanted = select(releases.c.id).where(_TAKEN_OUT)
    if after is not None:
        at, release_id = after
        earlier = and_(releases.c.state_changed_at == at, releases.c.id < release_id)
        wanted = wanted.where(or_(releases.c.state_changed_at < at, earlier))
    latest = wanted.order_by(releases.c.state_changed_at.desc(), releases.c.id.desc()).limit(limit + 1)
    ids = list((await work.run(latest)).scalars())
    found = {release.release_id: release for release in await by_ids(work, ids)}
    return [found[release_id] for release_id in ids], total
