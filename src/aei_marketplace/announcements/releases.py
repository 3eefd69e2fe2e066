"""Who is told of releases: that one was stopped, and that an update asks for more."""

from uuid import UUID

from aei_marketplace.announcements.telling import JOB, of_release
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import ReleaseListed, ReleaseStateChanged
from aei_marketplace.ground.actor import Actor, ActorKind
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.errors import NotInstalled
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, to_holders

#: The states whose coming is told to those who have the release installed.
_TOLD = ("quarantined", "blocked", "yanked")


async def release_state_changed(deps: Deps, event: ReleaseStateChanged, trace_id: str) -> None:
    """Tell every tenant that has the release installed."""
    if event.state not in _TOLD:
        return
    async with deps.works.system(JOB, trace_id) as work:
        release = (await catalog.releases_by_id(work, [event.release_id])).get(event.release_id)
        reason = release.state_reason if release is not None and release.state == event.state else None
        data = {"plugin": event.plugin_id, "version": event.version, "reason": reason or "none"}
        for installation in await installations.installations_of(work, [event.release_id]):
            to = to_holders(installation.tenant_id, "plugin.install")
            await notices.notify(work, Notice(f"release.{event.state}", to, of_release(event), data))


async def release_listed(deps: Deps, event: ReleaseListed, trace_id: str) -> None:
    """Tell the tenants whose update to this release would ask for more permissions."""
    async with deps.works.system(JOB, trace_id) as work:
        tenants = await installations.tenants_with(work, event.plugin_id)
    for tenant in tenants:
        await _tell_of_update(deps, tenant, event, trace_id)


async def _tell_of_update(deps: Deps, tenant: UUID, event: ReleaseListed, trace_id: str) -> None:
    # With the tenant's own eyes: of a plugin that is hidden from it by now it must not hear.
    eyes = Actor(ActorKind.SERVICE, name=JOB, tenant=tenant, actions=frozenset({"plugin.browse"}))
    async with deps.works.begin(eyes, trace_id) as work:
        try:
            described = await installations.find_installation(work, event.plugin_id)
        except NotInstalled:
            return  # uninstalled meanwhile
        update = described.update
        if update is None or update.version != event.version or not update.new_permissions:
            return
        data = {
            "plugin": event.plugin_id,
            "version": event.version,
            "present": described.installation.version,
            "permissions": ", ".join(update.new_permissions),
        }
        to = to_holders(tenant, "plugin.install")
        await notices.notify(work, Notice("update.asks_more", to, of_release(event), data))
