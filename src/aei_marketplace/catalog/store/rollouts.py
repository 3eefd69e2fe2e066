"""Rollouts: of releases, and with what a plugin's new releases begin."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import plugins, release_rollouts, releases
from aei_marketplace.catalog.rules.rollouts import ALL, Rollout
from aei_marketplace.catalog.rules.states import OFFERED
from aei_marketplace.catalog.rules.versions import Channel
from aei_marketplace.ground.work import Work


async def find(work: Work, release_ids: Iterable[UUID]) -> dict[UUID, Rollout]:
    """The rollouts of these releases; of those that are left out nothing was ever said."""
    wanted = select(release_rollouts).where(release_rollouts.c.release_id.in_(list(release_ids)))
    return {row.release_id: Rollout(row.percent, row.security) for row in await work.run(wanted)}


async def save(work: Work, release_id: UUID, rollout: Rollout) -> None:
    """Write down how far a release is rolled out."""
    values = {"percent": rollout.percent, "security": rollout.security, "changed_at": work.now}
    written = insert(release_rollouts).values(release_id=release_id, **values)
    await work.run(written.on_conflict_do_update(index_elements=["release_id"], set_=values))


async def begin(work: Work, release_id: UUID, plugin_id: str) -> None:
    """Begin with the plugin's own percentage, unless the publisher has decided already."""
    start = await find_start(work, plugin_id)
    if start < ALL:
        values = {"release_id": release_id, "percent": start, "security": False, "changed_at": work.now}
        await work.run(insert(release_rollouts).values(**values).on_conflict_do_nothing())


async def find_start(work: Work, plugin_id: str) -> int:
    """With how many percent the rollout of a new release begins."""
    wanted = select(plugins.c.rollout_start).where(plugins.c.id == plugin_id)
    found: int = (await work.run(wanted)).scalar_one()
    return found


async def save_start(work: Work, plugin_id: str, percent: int) -> None:
    """Change that."""
    await work.run(update(plugins).where(plugins.c.id == plugin_id).values(rollout_start=percent))


async def offered_above(
    work: Work, plugin_id: str, precedence: str, channel: Channel, limit: int
) -> list[UUID]:
    """Offered releases above one, the highest first; the preview channel takes stable ones too."""
    wanted = select(releases.c.id).where(
        releases.c.plugin_id == plugin_id,
        releases.c.precedence > precedence,
        releases.c.state.in_(OFFERED),
    )
    if channel is Channel.STABLE:
        wanted = wanted.where(releases.c.channel == Channel.STABLE)
    return list((await work.run(wanted.order_by(releases.c.precedence.desc()).limit(limit))).scalars())
