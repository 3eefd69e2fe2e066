"""Staged rollouts, decided by the publisher, and what is offered to those who update."""

from collections.abc import Iterable
from uuid import UUID

from aei_marketplace.catalog.errors import NotYourPlugin
from aei_marketplace.catalog.rules.membership import Right
from aei_marketplace.catalog.rules.rollouts import Rollout, check_percent, reaches
from aei_marketplace.catalog.rules.versions import precedence_key
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.service.members import require_right
from aei_marketplace.catalog.service.reading import check_channel, find_plugin, find_release
from aei_marketplace.catalog.store import plugins, releases, rollouts
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work

#: So many newer releases of a plugin are looked at for an automatic update, the highest first.
MOST_NEWER = 50


async def find_rollout(work: Work, plugin_id: str, version: str) -> Rollout:
    """How far a release is rolled out.

    Raises:
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
    """
    return await _rollout(work, await find_release(work, plugin_id, version))


async def change_rollout(
    work: Work, plugin_id: str, version: str, percent: int | None = None, security: bool | None = None
) -> Rollout:
    """Roll a release out further, or less far, or say that it mends a weakness; None leaves it as it is.

    Installations that have it keep it: a rollout only ever updates.

    Raises:
        NotAllowed: the actor may not publish, or not in this namespace.
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
        Invalid: that is no percentage.
    """
    work.actor.require("plugin.publish", plugin_id)
    await _require_own(work, plugin_id)
    await plugins.lock(work, plugin_id)
    release = await find_release(work, plugin_id, version)
    before = await _rollout(work, release)
    rollout = Rollout(
        before.percent if percent is None else check_percent(percent, "/percent"),
        before.security if security is None else security,
    )
    await rollouts.save(work, release.release_id, rollout)
    context = {"from": before.percent, "percent": rollout.percent, "security": rollout.security}
    work.record(Fact("release.rollout", "release", f"{plugin_id}@{version}", context=context))
    return rollout


async def change_rollout_start(work: Work, plugin_id: str, percent: int) -> int:
    """Decide with how many percent the rollout of each new release begins.

    Raises:
        NotAllowed: the actor may not publish, or not in this namespace.
        PluginNotFound: there is none that the actor may see.
        Invalid: that is no percentage.
    """
    work.actor.require("plugin.publish", plugin_id)
    await _require_own(work, plugin_id)
    await rollouts.save_start(work, plugin_id, check_percent(percent, "/start_percent"))
    work.record(Fact("plugin.rollout", "plugin", plugin_id, context={"start_percent": percent}))
    return percent


async def find_rollout_start(work: Work, plugin_id: str) -> int:
    """With how many percent the rollout of a new release begins.

    Raises:
        PluginNotFound: there is none that the actor may see.
    """
    return await rollouts.find_start(work, (await find_plugin(work, plugin_id)).id)


async def newer_releases(
    work: Work, plugin_id: str, version: str, channel: str
) -> list[tuple[ReleaseView, Rollout]]:
    """Offered releases above a version on a channel, the highest first, each with its rollout."""
    key, limit = precedence_key(version), MOST_NEWER
    ids = await rollouts.offered_above(work, plugin_id, key, check_channel(channel), limit)
    found = {release.release_id: release for release in await releases.by_ids(work, ids)}
    decided = await rollouts.find(work, ids)
    return [(found[id], decided.get(id, Rollout())) for id in ids]


async def held_back(work: Work, release_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Which of these releases are not rolled out to the actor's tenant yet; for who acts in none, none."""
    tenant = work.actor.tenant
    if tenant is None:
        return frozenset()
    decided = await rollouts.find(work, release_ids)
    return frozenset(id for id, each in decided.items() if not reaches(id, tenant, each.percent))


async def _rollout(work: Work, release: ReleaseView) -> Rollout:
    """What was decided of a release; one that waits to be listed begins with the plugin's percentage."""
    decided = (await rollouts.find(work, [release.release_id])).get(release.release_id)
    if decided is not None or release.listed_at is not None:
        return decided or Rollout()
    return Rollout(await rollouts.find_start(work, release.plugin_id))


async def _require_own(work: Work, plugin_id: str) -> None:
    if (await find_plugin(work, plugin_id)).owner_tenant != work.actor.tenant:
        raise NotYourPlugin(f"{plugin_id} belongs to another publisher.")
    await require_right(work, plugin_id.partition(".")[0], Right.PUBLISH, plugin_id)
