"""Who is told of certification: badges given and lost, and scans that keep a release from being listed."""

from aei_marketplace.announcements.telling import JOB, of_release
from aei_marketplace.certification.events.badges import (
    BadgeEnded,
    PublishScanEnded,
    ReleaseCertified,
    ScanEnd,
)
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service as installations
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, to_holders, to_staff

_SCAN_ENDS = {
    ScanEnd.HELD: "release.held",
    ScanEnd.DELAYED: "release.delayed",
    ScanEnd.QUARANTINED: "release.stopped",
}


async def release_certified(deps: Deps, event: ReleaseCertified, trace_id: str) -> None:
    """Tell the publisher."""
    data = {"plugin": event.plugin_id, "version": event.version, "expires": event.expires_on}
    async with deps.works.system(JOB, trace_id) as work:
        to = to_holders(event.owner_tenant, "plugin.publish")
        await notices.notify(work, Notice("certification.granted", to, of_release(event), data))


async def badge_ended(deps: Deps, event: BadgeEnded, trace_id: str) -> None:
    """Tell the publisher, and every tenant that has the release installed."""
    data = {"plugin": event.plugin_id, "version": event.version, "state": event.state, "reason": event.reason}
    async with deps.works.system(JOB, trace_id) as work:
        to = to_holders(event.owner_tenant, "plugin.publish")
        await notices.notify(work, Notice("certification.lost", to, of_release(event), data))
        for installation in await installations.installations_of(work, [event.release_id]):
            to = to_holders(installation.tenant_id, "plugin.install")
            await notices.notify(work, Notice("certification.ended", to, of_release(event), data))


async def publish_scan_ended(deps: Deps, event: PublishScanEnded, trace_id: str) -> None:
    """Tell the publisher why its release is not listed; of one that was listed and is stopped, staff too."""
    data = {"plugin": event.plugin_id, "version": event.version, "reason": event.reason}
    async with deps.works.system(JOB, trace_id) as work:
        about = of_release(event)
        audiences = [to_holders(event.owner_tenant, "plugin.publish")]
        if event.end is ScanEnd.QUARANTINED:
            audiences.append(to_staff("plugin.moderate"))
        for to in audiences:
            await notices.notify(work, Notice(_SCAN_ENDS[event.end], to, about, data))
