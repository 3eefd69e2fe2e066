"""Uninstalling: configuration, grants and files are kept for 30 days, unless they are to go now."""

from dataclasses import replace
from datetime import timedelta

import structlog

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import SandboxRefused
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.installations import store
from aei_marketplace.installations.events import InstallationRemoved, UninstallRequested
from aei_marketplace.installations.rules.resolution import Candidate, objections
from aei_marketplace.installations.service.requested import Requested, live_installation
from aei_marketplace.installations.service.switching import leave_release
from aei_marketplace.installations.service.under_way import join
from aei_marketplace.operations import service as operations

KEPT = timedelta(days=30)
_AT_ONCE = 100

log = structlog.get_logger()


async def request_uninstall(work: Work, plugin_id: str, *, purge: bool) -> Requested:
    """Open the end of an installation, or join it; who needs the plugin is told and does not stop it.

    Raises:
        NotAllowed: the actor may not install.
        NotInstalled: there is none.
    """
    work.actor.require("plugin.install")
    tenant, user = work.actor.in_tenant(), work.actor.id
    assert user is not None, "who holds an action of a tenant has an account"
    await live_installation(work, tenant, plugin_id)
    if (joined := await join(work, "uninstall", plugin_id)) is not None:
        return joined
    operation = await operations.open_operation(work, "uninstall", plugin_id)
    work.emit(UninstallRequested(operation.id, tenant, user, plugin_id, purge))
    return Requested(operation, warnings=await left_without(work, plugin_id))


async def left_without(work: Work, plugin_id: str) -> list[str]:
    """Who of the tenant's plugins needs a plugin, in sentences: they would go on without it."""
    installed = await store.find_live(work, work.actor.in_tenant())
    releases = await catalog.releases_by_id(work, {i.release_id for i in installed})
    others = [
        Candidate(release.plugin_id, release.version, release.manifest.dependencies)
        for release in releases.values()
    ]
    return [f"{objection}; without it those calls fail." for objection in objections(plugin_id, None, others)]


async def uninstall(deps: Deps, actor: Actor, trace_id: str, asked: UninstallRequested) -> None:
    """End the installation and the operation in one transaction; what runs finishes.

    Raises:
        Refusal: there is no installation (any more), or the actor may not end it (any more).
    """
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require("plugin.install")
        tenant = work.actor.in_tenant()
        await store.hold(work, tenant, asked.plugin_id)
        present = await live_installation(work, tenant, asked.plugin_id)
        until = work.now if asked.purge else work.now + KEPT
        await store.save(work, replace(present, removed_at=work.now, updated_at=work.now, purge_after=until))
        if asked.purge:
            await store.purge(work)
        await catalog.change_installs(work, asked.plugin_id, -1)
        await leave_release(work, present)
        context = {"plugin": asked.plugin_id, "version": present.version, "purge": asked.purge}
        work.record(Fact("installation.remove", "installation", str(present.id), context=context))
        work.emit(InstallationRemoved(present.id, tenant, asked.plugin_id))
        kept = "" if asked.purge else f"; its configuration, grants and files are kept until {until:%Y-%m-%d}"
        await operations.succeed(work, asked.operation_id, f"Uninstalled {asked.plugin_id}{kept}")


async def forget_files(deps: Deps) -> int:
    """Have the sandbox remove the files of purged installations; returns of how many.

    Raises:
        SandboxGone: nobody answers; do it again later.
    """
    async with deps.works.system("installations.forget_files") as work:
        due = await store.find_unforgotten(work, _AT_ONCE)
    forgotten = 0
    for tenant, installation in due:
        try:
            await deps.sandbox.forget(str(tenant), str(installation))
        except SandboxRefused as refusal:
            # The others are not to wait for it; it is asked for again and again.
            log.error("installations.files_kept", installation=str(installation), reason=str(refusal))
            continue
        async with deps.works.system("installations.forget_files") as work:
            await store.mark_forgotten(work, installation)
        forgotten += 1
    return forgotten


async def purge_removed(works: Works) -> int:
    """Forget what was kept of installations that were removed 30 days ago; returns of how many."""
    async with works.system("installations.purge") as work:
        return await store.purge(work)
