"""Who is told of what: from what happened in any domain to the notices about it.

Reactions, listed in `worker`. A job may run twice: what repeats within one trace is counted once.
"""

from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import (
    AdvisoryFiled,
    AdvisoryRetracted,
    DomainProofMoved,
    NamespaceOffered,
    NamespaceTransferred,
    QuotaNear,
    ReleaseListed,
    ReleaseStateChanged,
)
from aei_marketplace.certification.events.badges import (
    BadgeEnded,
    PublishScanEnded,
    ReleaseCertified,
    ScanEnd,
)
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.events import CaseAppealed, CaseDecided
from aei_marketplace.decisions.service import Case
from aei_marketplace.desks import DESKS
from aei_marketplace.executions.events import SandboxViolated
from aei_marketplace.ground.actor import Actor, ActorKind
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.errors import NotInstalled
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders, to_staff, to_user
from aei_marketplace.operations.events import OperationFailed
from aei_marketplace.reviews import service as reviews
from aei_marketplace.reviews.events import (
    ReplyJudged,
    ReviewJudged,
    ReviewPublished,
    ReviewReopened,
    ReviewReplied,
)

_JOB = "announcements"
#: The states whose coming is told to those who have the release installed.
_TOLD = ("quarantined", "blocked", "yanked")
_SCAN_ENDS = {
    ScanEnd.HELD: "release.held",
    ScanEnd.DELAYED: "release.delayed",
    ScanEnd.QUARANTINED: "release.stopped",
}
#: Kinds of cases that the party brings itself: it waits for the answer, whatever it is.
_ASKED_FOR = frozenset({"namespace_claim"})
#: Kinds of cases about one person of the party, who alone is told, by their own notice.
_PERSONAL = frozenset({"review_appeal"})


async def release_state_changed(deps: Deps, event: ReleaseStateChanged, trace_id: str) -> None:
    """Tell every tenant that has the release installed."""
    if event.state not in _TOLD:
        return
    async with deps.works.system(_JOB, trace_id) as work:
        release = (await catalog.releases_by_id(work, [event.release_id])).get(event.release_id)
        reason = release.state_reason if release is not None and release.state == event.state else None
        data = {"plugin": event.plugin_id, "version": event.version, "reason": reason or "none"}
        for installation in await installations.installations_of(work, [event.release_id]):
            to = to_holders(installation.tenant_id, "plugin.install")
            await notices.notify(work, Notice(f"release.{event.state}", to, _release(event), data))


async def release_listed(deps: Deps, event: ReleaseListed, trace_id: str) -> None:
    """Tell the tenants whose update to this release would ask for more permissions."""
    async with deps.works.system(_JOB, trace_id) as work:
        tenants = await installations.tenants_with(work, event.plugin_id)
    for tenant in tenants:
        await _tell_of_update(deps, tenant, event, trace_id)


async def reviews_may_be_old(deps: Deps, event: ReleaseListed, trace_id: str) -> None:
    """Ask those who reviewed an earlier version whether that still holds, once they have the new one."""
    if event.channel != "stable":
        return
    data, about = {"plugin": event.plugin_id, "version": event.version}, Subject("plugin", event.plugin_id)
    after: UUID | None = None
    while True:
        async with deps.works.system(_JOB, trace_id) as work:
            writers = await reviews.list_writers(work, event.plugin_id, event.version, after)
            for writer in writers:
                to = to_user(writer.user_id, writer.tenant_id)
                await notices.notify(work, Notice("review.renew", to, about, data))
        if not writers:
            return
        after = writers[-1].user_id


async def sandbox_violated(deps: Deps, event: SandboxViolated, trace_id: str) -> None:
    """Tell the tenant's admins and the operator."""
    data = {"plugin": event.plugin_id, "version": event.version, "execution": str(event.execution_id)}
    async with deps.works.system(_JOB, trace_id) as work:
        for to in (to_holders(event.tenant_id, "policy.administer"), to_staff("killlist.administer")):
            await notices.notify(work, Notice("sandbox.violated", to, _release(event), data))


async def operation_failed(deps: Deps, event: OperationFailed, trace_id: str) -> None:
    """Tell whoever asked for it."""
    if event.actor_id is None:
        return
    data = {"operation": event.operation, "plugin": event.plugin_id or "", "problem": event.problem}
    about = Subject("operation", str(event.operation_id))
    async with deps.works.system(_JOB, trace_id) as work:
        to = to_user(event.actor_id, event.tenant_id)
        await notices.notify(work, Notice("operation.failed", to, about, data))


async def case_decided(deps: Deps, event: CaseDecided, trace_id: str) -> None:
    """Tell the tenant that the decision touches, unless it asks nothing of them that they knew of."""
    kind = DESKS[event.case_kind].kind
    if event.case_kind in _PERSONAL:
        return
    if event.verdict in kind.favourable and event.round == 1 and event.case_kind not in _ASKED_FOR:
        return  # nothing was done to them
    async with deps.works.system(_JOB, trace_id) as work:
        case = await decisions.find_case(work, event.case_id)
        data = {
            "subject": event.subject_id,
            "verdict": event.verdict,
            "reason": case.reason or "none",
            "appeal": _appeal(case),
        }
        to = to_holders(event.party, kind.appeal_action)
        about = Subject("decision", f"{event.case_id}/{event.round}")
        await notices.notify(work, Notice("case.decided", to, about, data))


async def case_appealed(deps: Deps, event: CaseAppealed, trace_id: str) -> None:
    """Tell the staff who decide such cases."""
    to = to_staff(DESKS[event.case_kind].kind.action)
    async with deps.works.system(_JOB, trace_id) as work:
        about = Subject("case", str(event.case_id))
        await notices.notify(work, Notice("case.appealed", to, about, {"subject": event.subject_id}))


async def review_published(deps: Deps, event: ReviewPublished, trace_id: str) -> None:
    """Tell the publisher."""
    data = {"plugin": event.plugin_id, "version": event.version, "rating": str(event.rating)}
    async with deps.works.system(_JOB, trace_id) as work:
        publisher = (await catalog.find_plugin(work, event.plugin_id)).owner_tenant
        to = to_holders(publisher, "plugin.publish")
        await notices.notify(work, Notice("review.published", to, _review(event), data))


async def review_judged(deps: Deps, event: ReviewJudged, trace_id: str) -> None:
    """Tell the writer."""
    if event.writer_id is None:
        return
    data = {"plugin": event.plugin_id, "verdict": event.verdict, "reason": event.reason or "none"}
    async with deps.works.system(_JOB, trace_id) as work:
        to = to_user(event.writer_id, event.tenant_id)
        await notices.notify(work, Notice("review.judged", to, _review(event), data))


async def review_reopened(deps: Deps, event: ReviewReopened, trace_id: str) -> None:
    """Tell the writer."""
    if event.writer_id is None:
        return
    async with deps.works.system(_JOB, trace_id) as work:
        to = to_user(event.writer_id, event.tenant_id)
        await notices.notify(work, Notice("review.reopened", to, _review(event), {"plugin": event.plugin_id}))


async def reply_judged(deps: Deps, event: ReplyJudged, trace_id: str) -> None:
    """Tell those who publish the plugin."""
    data = {"plugin": event.plugin_id, "verdict": event.verdict, "reason": event.reason or "none"}
    async with deps.works.system(_JOB, trace_id) as work:
        to = to_holders(event.tenant_id, "plugin.publish")
        await notices.notify(work, Notice("reply.judged", to, _review(event), data))


async def review_replied(deps: Deps, event: ReviewReplied, trace_id: str) -> None:
    """Tell the writer."""
    if event.writer_id is None:
        return
    async with deps.works.system(_JOB, trace_id) as work:
        to = to_user(event.writer_id, event.tenant_id)
        await notices.notify(work, Notice("review.replied", to, _review(event), {"plugin": event.plugin_id}))


async def quota_near(deps: Deps, event: QuotaNear, trace_id: str) -> None:
    """Tell those who publish for the tenant."""
    data = {"quota": event.quota, "used": str(event.used), "allowed": str(event.allowed)}
    async with deps.works.system(_JOB, trace_id) as work:
        to = to_holders(event.tenant_id, "plugin.publish")
        await notices.notify(work, Notice("quota.near", to, Subject("quota", event.quota), data))


async def advisory_filed(deps: Deps, event: AdvisoryFiled, trace_id: str) -> None:
    """Tell every tenant that has an affected release installed."""
    async with deps.works.system(_JOB, trace_id) as work:
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
    async with deps.works.system(_JOB, trace_id) as work:
        reason = (await catalog.find_advisory(work, event.advisory_id)).withdrawn_reason or "none"
        for installation in await installations.installations_of(work, event.releases):
            data = _advisory_data(event, installation.version) | {"reason": reason}
            to = to_holders(installation.tenant_id, "plugin.install")
            about = Subject("advisory", event.advisory_id)
            await notices.notify(work, Notice("advisory.withdrawn", to, about, data))


async def release_certified(deps: Deps, event: ReleaseCertified, trace_id: str) -> None:
    """Tell the publisher."""
    data = {"plugin": event.plugin_id, "version": event.version, "expires": event.expires_on}
    async with deps.works.system(_JOB, trace_id) as work:
        to = to_holders(event.owner_tenant, "plugin.publish")
        await notices.notify(work, Notice("certification.granted", to, _release(event), data))


async def badge_ended(deps: Deps, event: BadgeEnded, trace_id: str) -> None:
    """Tell the publisher, and every tenant that has the release installed."""
    data = {"plugin": event.plugin_id, "version": event.version, "state": event.state, "reason": event.reason}
    async with deps.works.system(_JOB, trace_id) as work:
        to = to_holders(event.owner_tenant, "plugin.publish")
        await notices.notify(work, Notice("certification.lost", to, _release(event), data))
        for installation in await installations.installations_of(work, [event.release_id]):
            to = to_holders(installation.tenant_id, "plugin.install")
            await notices.notify(work, Notice("certification.ended", to, _release(event), data))


async def publish_scan_ended(deps: Deps, event: PublishScanEnded, trace_id: str) -> None:
    """Tell the publisher why its release is not listed; of one that was listed and is stopped, staff too."""
    data = {"plugin": event.plugin_id, "version": event.version, "reason": event.reason}
    async with deps.works.system(_JOB, trace_id) as work:
        about = Subject("release", f"{event.plugin_id}@{event.version}")
        audiences = [to_holders(event.owner_tenant, "plugin.publish")]
        if event.end is ScanEnd.QUARANTINED:
            audiences.append(to_staff("plugin.moderate"))
        for to in audiences:
            await notices.notify(work, Notice(_SCAN_ENDS[event.end], to, about, data))


async def namespace_offered(deps: Deps, event: NamespaceOffered, trace_id: str) -> None:
    """Tell those who publish for the tenant that may accept."""
    data = {"namespace": event.namespace, "sender": event.from_slug}
    async with deps.works.system(_JOB, trace_id) as work:
        to, about = to_holders(event.to_tenant, "plugin.publish"), _namespace(event.namespace)
        await notices.notify(work, Notice("namespace.offered", to, about, data))


async def namespace_transferred(deps: Deps, event: NamespaceTransferred, trace_id: str) -> None:
    """Tell both sides, and every tenant that has one of the plugins installed."""
    async with deps.works.system(_JOB, trace_id) as work:
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
    async with deps.works.system(_JOB, trace_id) as work:
        await notices.notify(work, notice)


async def _tell_of_publisher(work: Work, plugin_id: str, publisher: UUID) -> None:
    plugin = await catalog.find_plugin(work, plugin_id)
    data = {"plugin": plugin_id, "publisher": plugin.publisher_name}
    for tenant in await installations.tenants_with(work, plugin_id):
        if tenant != publisher:
            to = to_holders(tenant, "plugin.install")
            await notices.notify(
                work, Notice("plugin.publisher_changed", to, Subject("plugin", plugin_id), data)
            )


async def _tell_of_update(deps: Deps, tenant: UUID, event: ReleaseListed, trace_id: str) -> None:
    # With the tenant's own eyes: of a plugin that is hidden from it by now it must not hear.
    eyes = Actor(ActorKind.SERVICE, name=_JOB, tenant=tenant, actions=frozenset({"plugin.browse"}))
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
        await notices.notify(work, Notice("update.asks_more", to, _release(event), data))


def _release(
    event: ReleaseStateChanged | ReleaseListed | SandboxViolated | ReleaseCertified | BadgeEnded,
) -> Subject:
    return Subject("release", f"{event.plugin_id}@{event.version}")


def _advisory_data(event: AdvisoryFiled | AdvisoryRetracted, version: str) -> dict[str, str]:
    return {"advisory": event.advisory_id, "plugin": event.plugin_id, "version": version}


def _review(
    event: ReviewPublished | ReviewJudged | ReviewReopened | ReviewReplied | ReplyJudged,
) -> Subject:
    return Subject("review", str(event.review_id))


def _namespace(name: str) -> Subject:
    return Subject("namespace", name)


def _appeal(case: Case) -> str:
    if case.appeal_until is None:
        return "It stands for good."
    return f"You can appeal it until {case.appeal_until:%Y-%m-%d %H:%M} UTC."
