"""Who is told of what concerns publishers: their namespaces, their domains, what they may keep."""

from uuid import UUID

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import DomainProofMoved, NamespaceOffered, NamespaceTransferred, QuotaNear
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders


async def namespace_offered(deps: Deps, event: NamespaceOffered, trace_id: str) -> None:
    """Tell those who publish for the tenant that may accept."""
    data = {"namespace": event.namespace, "sender": event.from_slug}
    async with deps.works.system(JOB, trace_id) as work:
        to, about = to_holders(event.to_tenant, "plugin.publish"), _namespace(event.namespace)
        await notices.notify(work, Notice("namespace.offered", to, about, data))


async def namespace_transferred(deps: Deps, event: NamespaceTransferred, trace_id: str) -> None:
    """Tell both sides, and every tenant that has one of the plugins installed."""
    async with deps.works.system(JOB, trace_id) as work:
        transfer = await catalog.find_transfer(work, event.transfer_id)
        data = {"namespace": event.namespace, "sender": transfer.from_slug, "receiver": transfer.to_slug}
        for tenant in (event.from_tenant, event.to_tenant):
            to = to_holders(tenant, "plugin.publish")
            await notices.notify(work, Notice("namespace.transferred", to, _namespace(event.namespace), data))
        for plugin_id in await catalog.namespace_plugins(work, event.namespace):
            await _tell_of_publisher(work, plugin_id, event.to_tenant)


async def domain_proof_moved(deps: Deps, event: DomainProofMoved, trace_id: str) -> None:
    """Tell those who publish for the tenant."""
    to, about = to_holders(event.tenant_id, "plugin.publish"), Subject("domain", str(event.proof_id))
    data = {"domain": event.domain}
    notice = Notice("domain.verified", to, about, data)
    if event.state != "verified":
        data["problem"] = event.problem or "nothing was found"
        notice = Notice("domain.unproven", to, about, data)
    async with deps.works.system(JOB, trace_id) as work:
        await notices.notify(work, notice)


async def quota_near(deps: Deps, event: QuotaNear, trace_id: str) -> None:
    """Tell those who publish for the tenant."""
    data = {"quota": event.quota, "used": str(event.used), "allowed": str(event.allowed)}
    async with deps.works.system(JOB, trace_id) as work:
        to = to_holders(event.tenant_id, "plugin.publish")
        await notices.notify(work, Notice("quota.near", to, Subject("quota", event.quota), data))


async def _tell_of_publisher(work: Work, plugin_id: str, publisher: UUID) -> None:
    plugin = await catalog.find_plugin(work, plugin_id)
    data = {"plugin": plugin_id, "publisher": plugin.publisher_name}
    for tenant in await installations.tenants_with(work, plugin_id):
        if tenant != publisher:
            to = to_holders(tenant, "plugin.install")
            await notices.notify(
                work, Notice("plugin.publisher_changed", to, Subject("plugin", plugin_id), data)
            )


def _namespace(name: str) -> Subject:
    return Subject("namespace", name)
