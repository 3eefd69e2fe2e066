"""Installing: asked for in a request, carried out by a job as the same actor."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import AlreadyInstalled
from aei_marketplace.installations.events import InstallationCreated, InstallRequested
from aei_marketplace.installations.rules.grants import not_granted
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.dependencies import dependency_warnings
from aei_marketplace.installations.service.requested import (
    Requested,
    admitted_release,
    fitting_terms,
    prepare,
    warnings,
)
from aei_marketplace.operations import service as operations


async def request_install(work: Work, aei_version: str, plugin_id: str, wish: Wish) -> Requested:
    """Open an installation; whatever can be known to stand against it is said now.

    Raises:
        NotAllowed: the actor may not install.
        NotFound: no such release, or none that the tenant may see.
        NotAdmitted: the admission rule says no.
        AlreadyInstalled: there is an installation.
        Invalid: grants or configuration do not fit.
    """
    work.actor.require("plugin.install")
    tenant, user = work.actor.in_tenant(), work.actor.id
    assert user is not None, "who holds an action of a tenant has an account"
    pinned, channel = wish.version is not None, wish.channel or catalog.Channel.STABLE
    release, verdict = await admitted_release(
        work, aei_version, plugin_id, wish.version, channel, exact=pinned
    )
    await _refuse_installed(work, tenant, plugin_id)
    before = await store.find_removed(work, tenant, plugin_id)
    grants, _ = fitting_terms(release, wish.grants, wish.config, before)
    operation = await operations.open_operation(work, "install", plugin_id)
    work.emit(
        InstallRequested(
            operation.id,
            tenant,
            user,
            plugin_id,
            release.version,
            str(wish.channel or release.channel),
            pinned,
            None if wish.grants is None else dict(wish.grants),
            None if wish.config is None else dict(wish.config),
        )
    )
    told = warnings(verdict) + await dependency_warnings(work, release)
    return Requested(operation, not_granted(release.manifest, grants), warnings=told)


async def install(deps: Deps, actor: Actor, trace_id: str, asked: InstallRequested) -> None:
    """Prepare the artefact, then write the installation and the operation's end in one transaction.

    Raises:
        Refusal: it cannot be installed (any more); the operation is still open.
        SandboxGone: the sandbox does not answer; do it again later.
    """
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require("plugin.install")
        release, _ = await _release(work, deps, asked)
        await operations.advance(
            work, asked.operation_id, 0.1, f"Preparing {asked.plugin_id} {asked.version}"
        )
    await catalog.check_signed(deps, release)
    await prepare(deps, release)
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require("plugin.install")
        release, _ = await _release(work, deps, asked)
        await _create(work, release, asked)


async def _release(work: Work, deps: Deps, asked: InstallRequested) -> Any:
    return await admitted_release(
        work, deps.aei_version, asked.plugin_id, asked.version, asked.channel, exact=asked.pinned
    )


async def _create(work: Work, release: ReleaseView, asked: InstallRequested) -> None:
    tenant = work.actor.in_tenant()
    await store.hold(work, tenant, asked.plugin_id)
    await _refuse_installed(work, tenant, asked.plugin_id)
    before = await store.find_removed(work, tenant, asked.plugin_id)
    grants, config = fitting_terms(release, asked.grants, asked.config, before)
    installation = _installation(work, release, asked, before, grants, config)
    await store.save(work, installation)
    await catalog.change_installs(work, asked.plugin_id, 1)
    work.record(_fact(installation, restored=before is not None))
    work.emit(InstallationCreated(installation.id, tenant, asked.plugin_id, installation.version))
    await operations.succeed(work, asked.operation_id, _message(release, grants))


def _installation(
    work: Work,
    release: ReleaseView,
    asked: InstallRequested,
    before: Installation | None,
    grants: dict[str, Any],
    config: dict[str, Any],
) -> Installation:
    """A new one, or the kept one come back: its files belong to its id."""
    assert work.actor.id is not None
    values: dict[str, Any] = {
        "release_id": release.release_id,
        "version": release.version,
        "channel": asked.channel,
        "pinned": asked.pinned,
        "enabled": True,
        "grants": grants,
        "config": config,
        "installed_by": work.actor.id,
        "updated_at": work.now,
        "removed_at": None,
        "purge_after": None,
    }
    if before is not None:
        return replace(before, **values)
    return Installation(
        id=new_id(),
        tenant_id=work.actor.in_tenant(),
        plugin_id=asked.plugin_id,
        policy={},
        created_at=work.now,
        **values,
    )


async def _refuse_installed(work: Work, tenant: UUID, plugin_id: str) -> None:
    present = await store.find(work, tenant, plugin_id)
    if present is not None:
        raise AlreadyInstalled(
            f"{plugin_id} {present.version} is installed in your tenant.",
            advice=f"Change its version with POST /api/plugins/{plugin_id}/update.",
        )


def _fact(installation: Installation, *, restored: bool) -> Fact:
    context = {
        "plugin": installation.plugin_id,
        "version": installation.version,
        "release": str(installation.release_id),
        "pinned": installation.pinned,
        "grants": installation.grants,
        "restored": restored,
    }
    return Fact("installation.create", "installation", str(installation.id), context=context)


def _message(release: ReleaseView, grants: dict[str, Any]) -> str:
    missing = ", ".join(not_granted(release.manifest, grants))
    without = f"; requested and not granted: {missing}" if missing else ""
    return f"Installed {release.plugin_id} {release.version}{without}"
