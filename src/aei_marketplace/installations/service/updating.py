"""Updating: another version in the place of the present one; what runs finishes on its release."""

from dataclasses import replace
from typing import Any

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import NoLongerMeant
from aei_marketplace.installations.events import ReleaseLeft, UpdateRequested
from aei_marketplace.installations.rules.grants import not_granted, permission_difference
from aei_marketplace.installations.rules.requests import Wish, check_is_change
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.automatic import require_still_meant
from aei_marketplace.installations.service.dependencies import dependency_warnings
from aei_marketplace.installations.service.requested import (
    Requested,
    admitted_release,
    fitting_terms,
    live_installation,
    prepare,
    warnings,
)
from aei_marketplace.operations import service as operations


async def request_update(work: Work, aei_version: str, plugin_id: str, wish: Wish) -> Requested:
    """Open an update, to a named version or to the newest of the channel.

    New permissions are not granted unless the wish says so: the new version runs under the old grants.

    Raises:
        NotAllowed: the actor may not install.
        NotInstalled, NotFound: no installation, or no such release.
        AlreadyAtVersion: there is nothing to update to.
        NotAdmitted, Invalid: the release, the grants or the configuration cannot be used.
    """
    work.actor.require("plugin.install")
    tenant, user = work.actor.in_tenant(), work.actor.id
    assert user is not None, "who holds an action of a tenant has an account"
    present = await live_installation(work, tenant, plugin_id)
    pinned, channel = wish.version is not None, wish.channel or present.channel
    release, verdict = await admitted_release(
        work, aei_version, plugin_id, wish.version, channel, exact=pinned
    )
    check_is_change(present.version, release.version, named=pinned)
    grants, _ = fitting_terms(release, wish.grants, wish.config, present)
    difference = await _difference(work, present, release)
    operation = await operations.open_operation(work, "update", plugin_id)
    work.emit(
        UpdateRequested(
            operation.id,
            tenant,
            user,
            plugin_id,
            release.version,
            str(channel),
            pinned,
            None if wish.grants is None else dict(wish.grants),
            None if wish.config is None else dict(wish.config),
        )
    )
    told = warnings(verdict) + await dependency_warnings(work, release)
    return Requested(operation, not_granted(release.manifest, grants), difference, told)


async def update(deps: Deps, actor: Actor, trace_id: str, asked: UpdateRequested) -> None:
    """Prepare the artefact, then switch the installation over and end the operation in one transaction.

    Raises:
        Refusal: it cannot be updated (any more), or not by itself; the operation is still open.
        SandboxGone: the sandbox does not answer; do it again later.
    """
    if asked.user_id is None:
        await require_still_meant(deps, asked)
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require("plugin.install")
        release = await _release(work, deps, asked)
        await operations.advance(
            work, asked.operation_id, 0.1, f"Preparing {asked.plugin_id} {asked.version}"
        )
    await catalog.check_signed(deps, release)
    await prepare(deps, release)
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require("plugin.install")
        await _switch(work, await _release(work, deps, asked), asked)


async def _release(work: Work, deps: Deps, asked: UpdateRequested) -> ReleaseView:
    release, _ = await admitted_release(
        work, deps.aei_version, asked.plugin_id, asked.version, asked.channel, exact=asked.pinned
    )
    return release


async def _switch(work: Work, release: ReleaseView, asked: UpdateRequested) -> None:
    tenant = work.actor.in_tenant()
    await store.hold(work, tenant, asked.plugin_id)
    present = await live_installation(work, tenant, asked.plugin_id)
    check_is_change(present.version, release.version, named=asked.pinned)
    grants, config = fitting_terms(release, asked.grants, asked.config, present)
    difference = await _difference(work, present, release)
    if asked.user_id is None and (difference or present.pinned):
        raise NoLongerMeant(f"{asked.plugin_id} was changed while its update was prepared.")
    changed = replace(
        present,
        release_id=release.release_id,
        version=release.version,
        channel=asked.channel,
        pinned=asked.pinned,
        grants=grants,
        config=config,
        updated_at=work.now,
    )
    await store.save(work, changed)
    work.record(_fact(present, changed, difference, automatic=asked.user_id is None))
    await leave_release(work, present)
    await operations.succeed(work, asked.operation_id, _message(present, changed, difference))


async def leave_release(work: Work, installation: Installation) -> None:
    """Have the idle workers of an installation's release let go once this is committed."""
    release = (await catalog.releases_by_id(work, [installation.release_id])).get(installation.release_id)
    if release is not None:
        work.emit(ReleaseLeft(installation.tenant_id, release.component_sha256))


async def _difference(work: Work, present: Installation, release: ReleaseView) -> dict[str, Any]:
    before = (await catalog.releases_by_id(work, [present.release_id])).get(present.release_id)
    if before is None:
        # The old release is hidden from the tenant by now: everything requested is new to them.
        return not_granted(release.manifest, {})
    return permission_difference(before.manifest, release.manifest)


def _fact(before: Installation, after: Installation, difference: dict[str, Any], *, automatic: bool) -> Fact:
    context = {
        "plugin": after.plugin_id,
        "from": before.version,
        "version": after.version,
        "release": str(after.release_id),
        "pinned": after.pinned,
        "grants": after.grants,
        "new_permissions": difference,
        "automatic": automatic,
    }
    return Fact("installation.update", "installation", str(after.id), context=context)


def _message(before: Installation, after: Installation, difference: dict[str, Any]) -> str:
    asks = f"; it also requests {', '.join(difference)}" if difference else ""
    return f"Updated {after.plugin_id} from {before.version} to {after.version}{asks}"
