"""A new installation, written down; whoever calls counts it on the listing and ends its operation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import AlreadyInstalled
from aei_marketplace.installations.events import InstallationCreated
from aei_marketplace.installations.rules.grants import not_granted
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.requested import fitting_terms


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a release is installed, or comes in the place of another.

    Attributes:
        grants, config: None for none, or for what was.
    """

    channel: str
    pinned: bool = False
    grants: Mapping[str, Any] | None = None
    config: Mapping[str, Any] | None = None


async def create(work: Work, release: ReleaseView, terms: Terms) -> str:
    """Install a release that was prepared; what was done, in a sentence.

    `count_new` follows in the same work.

    Raises:
        AlreadyInstalled: there is an installation.
        Invalid: grants or configuration do not fit.
    """
    tenant, plugin_id = work.actor.in_tenant(), release.plugin_id
    await store.hold(work, tenant, plugin_id)
    await refuse_installed(work, tenant, plugin_id)
    before = await store.find_removed(work, tenant, plugin_id)
    grants, config = fitting_terms(release, terms.grants, terms.config, before)
    installation = _installation(work, release, terms, before, grants, config)
    await store.save(work, installation)
    work.record(_fact(installation, restored=before is not None))
    work.emit(InstallationCreated(installation.id, tenant, plugin_id, installation.version))
    return _message(release, grants)


async def count_new(work: Work, plugin_ids: Iterable[str]) -> None:
    """Count what was installed on the listings.

    In one order for all: a count holds its listing until the work ends, and two that wait must not wait for
    one another.
    """
    for plugin_id in sorted(plugin_ids):
        await catalog.change_installs(work, plugin_id, 1)


async def refuse_installed(work: Work, tenant: UUID, plugin_id: str) -> None:
    """Stop here if the tenant has the plugin.

    Raises:
        AlreadyInstalled: it has.
    """
    present = await store.find(work, tenant, plugin_id)
    if present is not None:
        raise AlreadyInstalled(
            f"{plugin_id} {present.version} is installed in your tenant.",
            advice=f"Change its version with POST /api/plugins/{plugin_id}/update.",
        )


def _installation(
    work: Work,
    release: ReleaseView,
    terms: Terms,
    before: Installation | None,
    grants: dict[str, Any],
    config: dict[str, Any],
) -> Installation:
    """A new one, or the kept one come back: its files belong to its id."""
    assert work.actor.id is not None
    values: dict[str, Any] = {
        "release_id": release.release_id,
        "version": release.version,
        "channel": terms.channel,
        "pinned": terms.pinned,
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
        plugin_id=release.plugin_id,
        policy={},
        created_at=work.now,
        **values,
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
