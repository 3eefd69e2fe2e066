"""Publishing a release: judge the package, store its content, then write it down in one transaction.

Nothing of a release exists before that transaction commits. It is gone through once and taken back before
anything is stored, so that what is refused leaves nothing. What was stored for a release that never came,
because something changed or broke in between, is content without a name, which nobody can reach.
"""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_inspection.gate import Package, inspect_package
from aei_inspection.problems import PackageRefused
from aei_inspection.wasm_tools import InspectionUnavailable
from aei_marketplace.catalog.errors import (
    PackageProblems,
    VersionTaken,
    WrongPlugin,
)
from aei_marketplace.catalog.events import ReleasePublished
from aei_marketplace.catalog.rules.compatibility import intervals
from aei_marketplace.catalog.rules.icons import icon_of
from aei_marketplace.catalog.rules.membership import Right
from aei_marketplace.catalog.rules.names import PUBLIC
from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.catalog.rules.versions import channel_of, precedence_key
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.service.imported_kills import refuse_killed
from aei_marketplace.catalog.service.namespaces import (
    refuse_appearing,
    refuse_plugin,
    require_namespace,
)
from aei_marketplace.catalog.service.quotas import spend
from aei_marketplace.catalog.service.signing import signer_of
from aei_marketplace.catalog.service.states import refresh_listing
from aei_marketplace.catalog.service.submissions import Submission, check_submission
from aei_marketplace.catalog.service.visibility import settle_visibility
from aei_marketplace.catalog.store import plugins, releases
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.at_once import AtOnce
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault, Unavailable
from aei_marketplace.ground.money import exponents
from aei_marketplace.ground.publisher_quota import PublisherQuota
from aei_marketplace.ground.work import Work, Works

#: Each inspection may hold a package and all of its content in memory.
_inspections = AtOnce(2)


class _TakenBack(Exception):
    """Ends a work that was only tried."""


async def publish_release(deps: Deps, actor: Actor, trace_id: str, submission: Submission) -> ReleaseView:
    """Take in a release. It is `processing` until its component is compiled (see `jobs`).

    Raises:
        NotAllowed: the actor may not publish, or not in this namespace.
        NamespaceReserved, NameConfusable: the namespace, or the id of a plugin that is new or becomes public,
            cannot be had.
        PackageProblems: the package is refused, with every problem found.
        VersionTaken: the version exists.
        KilledElsewhere: another marketplace's kill list names what is inside.
        QuotaExceeded, PublishRateExceeded: the publisher may not have one more, or not now.
        SignatureRequired, SignatureNotAccepted: the signature is missing, or does not stand for the package.
        Invalid: another part of the submission is wrong.
    """
    await require_publisher(deps.works, actor, trace_id)
    check_submission(submission)
    package = await _inspect(submission.package)
    _check_plugin(package, submission.plugin_id)
    _check_currency(package)
    with suppress(_TakenBack):
        async with deps.works.begin(actor, trace_id) as work:
            await _write_down(work, package, submission, deps.publisher_quota)
            raise _TakenBack
    await deps.blobs.put(package.sha256, submission.package)
    await deps.blobs.put(package.component_sha256, package.component)
    async with deps.works.begin(actor, trace_id) as work:
        return await _write_down(work, package, submission, deps.publisher_quota)


async def require_publisher(works: Works, actor: Actor, trace_id: str) -> None:
    """Ask, before a package is even read, whether the actor may publish at all.

    Raises:
        NotAllowed: the actor may not, or acts in no tenant.
        ProofNeeded: the session's last proof is too old.
    """
    async with works.begin(actor, trace_id) as work:
        work.actor.require_somewhere("plugin.publish")
        work.actor.require_recent_proof(work.now)
        work.actor.in_tenant()


async def _inspect(content: bytes) -> Package:
    async with _inspections:
        try:
            return await asyncio.to_thread(inspect_package, content)
        except PackageRefused as refused:
            faults = [Fault(p.pointer, p.message, p.code) for p in refused.problems]
            raise PackageProblems(f"The package has {len(faults)} problem(s).", faults=faults) from refused
        except InspectionUnavailable as missing:
            raise Unavailable(f"Packages cannot be inspected now: {missing}.") from missing


def _check_plugin(package: Package, wanted: str | None) -> None:
    if wanted is not None and package.manifest.id != wanted:
        fault = Fault("/id", f"the package is of {package.manifest.id}, the address of {wanted[:120]}")
        raise WrongPlugin("The package belongs to another plugin.", faults=[fault])


def _check_currency(package: Package) -> None:
    """Refuse a price in what is no money: nobody could be charged it."""
    currency = package.manifest.document.get("pricing", {}).get("currency")
    if currency is not None and currency not in exponents():
        fault = Fault("/pricing/currency", f"{currency} is no currency of ISO 4217", "currency_unknown")
        raise PackageProblems("The package has 1 problem(s).", faults=[fault])


async def _refuse_taken_version(work: Work, package: Package) -> None:
    manifest = package.manifest
    taken = await releases.find_same_precedence(work, manifest.id, precedence_key(manifest.version))
    if taken is None:
        return
    if taken.package_sha256 == package.sha256:
        raise VersionTaken(
            f"This very package was published as {taken.plugin_id} {taken.version}, which is {taken.state}.",
            advice="There is nothing left to do, unless you meant to publish something else.",
        )
    if taken.version != manifest.version:
        raise VersionTaken(
            f"{manifest.version} differs from {taken.version} only in its build metadata, which has no say in"
            " the order of versions."
        )
    raise VersionTaken(f"{taken.plugin_id} {taken.version} exists with other content.")


async def _write_down(
    work: Work, package: Package, submission: Submission, quota: PublisherQuota
) -> ReleaseView:
    manifest = package.manifest
    work.actor.require("plugin.publish", manifest.id)
    publisher = await require_namespace(work, manifest.id, Right.PUBLISH)
    await spend(work, publisher, package.size, quota)
    held = await _hold_plugin(work, package, submission, publisher)
    visibility = await settle_visibility(work, held, submission, publisher)
    await _refuse_taken_version(work, package)
    await refuse_killed(work, package.sha256, package.component_sha256)
    release_id = new_id()
    values = _release_values(work, release_id, package, submission.signature)
    values["signer"] = await signer_of(work, publisher, package.sha256, submission.signature)
    if not await releases.add(work, values, intervals(manifest.aei_range)):
        raise VersionTaken(f"{manifest.id} {manifest.version} exists.")
    if held.listed_at is None:
        await refresh_listing(work, manifest.id)  # until something is listed, the owner sees the newest
    work.record(_fact(release_id, package, submission, visibility))
    work.emit(ReleasePublished(release_id, manifest.id, manifest.version, package.component_sha256))
    return (await releases.by_ids(work, [release_id]))[0]


async def _hold_plugin(work: Work, package: Package, submission: Submission, publisher: UUID) -> Row[Any]:
    """The plugin, created if this is its first release, held until the work ends."""
    document, visibility = package.manifest.document, submission.visibility or PUBLIC
    if await plugins.add(work, document, publisher, visibility):
        await refuse_plugin(work, package.manifest.id, publisher)
    held = await plugins.lock(work, package.manifest.id)
    assert held is not None, "its namespace is the actor's, so the plugin is too"
    if held.visibility == PUBLIC and held.listed_at is None:
        await refuse_appearing(work, package.manifest.id.partition(".")[0], publisher)
    return held


def _release_values(
    work: Work, release_id: UUID, package: Package, signature: bytes | None
) -> dict[str, Any]:
    manifest, icon = package.manifest, icon_of(package.icon)
    return {
        "id": release_id,
        "plugin_id": manifest.id,
        "version": manifest.version,
        "channel": channel_of(manifest.version),
        "precedence": precedence_key(manifest.version),
        "state": ReleaseState.PROCESSING,
        "state_changed_at": work.now,
        "package_sha256": package.sha256,
        "size_bytes": package.size,
        "component_sha256": package.component_sha256,
        "component_size": len(package.component),
        "manifest": dict(manifest.document),
        "aei_range": manifest.aei_range,
        "readme": package.readme,
        "changelog": package.changelog,
        "icon_kind": icon.kind if icon else None,
        "icon": icon.content if icon else None,
        "signature": signature,
        "published_by": work.actor.id,
        "published_at": work.now,
    }


def _fact(release_id: UUID, package: Package, submission: Submission, visibility: str) -> Fact:
    manifest = package.manifest
    context = {
        "version": manifest.version,
        "release": str(release_id),
        "sha256": package.sha256,
        "visibility": visibility,
        "signed": submission.signature is not None,
        **({"audience": sorted(submission.audience)} if submission.audience else {}),
    }
    return Fact("plugin.publish", "plugin", manifest.id, context=context)
