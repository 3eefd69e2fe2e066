"""Who is told of advisories: whoever has a release installed that they concern."""

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import AdvisoryFiled, AdvisoryRetracted
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service as installations
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders


async def advisory_filed(deps: Deps, event: AdvisoryFiled, trace_id: str) -> None:
    """Tell every tenant that has an affected release installed."""
    async with deps.works.system(JOB, trace_id) as work:
        advisory = await catalog.find_advisory(work, event.advisory_id)
        if advisory.withdrawn_at is not None:
            return
        statement = advisory.statement
        mended = f"Update to {statement.fixed} or later." if statement.fixed else "No version mends it yet."
        grave = statement.severity in (catalog.Severity.HIGH, catalog.Severity.CRITICAL)
        affected = await catalog.affected_releases(work, event.advisory_id)
        for installation in await installations.installations_of(work, affected):
            data = _advisory_data(event, installation.version) | {
                "severity": str(statement.severity),
                "title": statement.title,
                "mended": mended,
            }
            to = to_holders(installation.tenant_id, "plugin.install")
            kind = "advisory.grave" if grave else "advisory.filed"
            await notices.notify(work, Notice(kind, to, Subject("advisory", event.advisory_id), data))


async def advisory_retracted(deps: Deps, event: AdvisoryRetracted, trace_id: str) -> None:
    """Tell every tenant that has a release installed which the advisory concerned."""
    async with deps.works.system(JOB, trace_id) as work:
        reason = (await catalog.find_advisory(work, event.advisory_id)).withdrawn_reason or "none"
        for installation in await installations.installations_of(work, event.releases):
            data = _advisory_data(event, installation.version) | {"reason": reason}
            to = to_holders(installation.tenant_id, "plugin.install")
            about = Subject("advisory", event.advisory_id)
            await notices.notify(work, Notice("advisory.withdrawn", to, about, data))


def _advisory_data(event: AdvisoryFiled | AdvisoryRetracted, version: str) -> dict[str, str]:
    return {"advisory": event.advisory_id, "plugin": event.plugin_id, "version": version}
