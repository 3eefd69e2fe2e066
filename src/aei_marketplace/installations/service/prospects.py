"""What whoever decides about an installation, an update or its end should know before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aei_marketplace.billing import service as billing
from aei_marketplace.billing.service import Offer
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.consent import Answers, Permission, answered, permissions_of
from aei_marketplace.installations.rules.grants import as_grants, held_capabilities, permission_difference
from aei_marketplace.installations.rules.permissions import together
from aei_marketplace.installations.rules.requests import Wish, check_is_change
from aei_marketplace.installations.rules.terms import accepts
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.planning import Plan, find_plan
from aei_marketplace.installations.service.removing import KEPT, left_without
from aei_marketplace.installations.service.requested import live_installation
from aei_marketplace.installations.service.surroundings import Step
from aei_protocol.manifest import Manifest
from aei_protocol.permissions import Capabilities

#: So many of a plugin's newest versions can be chosen from a list.
MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class Along:
    """Something that comes along, with the permissions to decide about."""

    step: Step
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class Prospect:
    """An installation or an update before it is decided.

    Attributes:
        permissions: what the release requests, what is new in it marked.
        along: what comes along, each with its own permissions.
        kept: what is left of an installation that was removed; it comes back.
        versions: what is offered, the highest first.
        config: the configuration to begin with.
        needs_config: the release does not do with that one.
        changes: what its author says of the release; None when nothing.
        offer: what the plugin costs.
    """

    plan: Plan
    permissions: tuple[Permission, ...]
    along: tuple[Along, ...]
    kept: Installation | None
    versions: tuple[str, ...]
    config: Mapping[str, Any]
    needs_config: bool
    changes: str | None
    offer: Offer

    @property
    def granted(self) -> int:
        """How many permissions would be granted."""
        asked = (*self.permissions, *(p for each in self.along for p in each.permissions))
        return sum(permission.granted for permission in asked)

    @property
    def together(self) -> str | None:
        """What the permissions mean in company, where it is more than each alone."""
        return together(self.plan.release.manifest.permissions)

    def answered(self, answers: Answers) -> "Prospect":
        """The same, as a form that comes back left it."""
        along = [replace(each, permissions=answered(each.permissions, answers)) for each in self.along]
        return replace(self, permissions=answered(self.permissions, answers), along=tuple(along))


@dataclass(frozen=True, slots=True)
class Departure:
    """The end of an installation before it is decided.

    Attributes:
        release: what is installed; None when it is hidden from the tenant by now.
        dependents: what else is installed and needs the plugin, in sentences.
        until: so long configuration, grants and files are kept.
    """

    installation: Installation
    release: ReleaseView | None
    dependents: tuple[str, ...]
    until: datetime

    @property
    def name(self) -> str:
        """The plugin's name; its id when that is not known."""
        return self.release.manifest.document["name"] if self.release else self.installation.plugin_id


async def find_prospect(work: Work, aei_version: str, plugin_id: str, wish: Wish) -> Prospect:
    """What an installation would be, or an update where the plugin is installed.

    Args:
        wish: its grants, where there are any, are what the form begins with.

    Raises:
        NotAllowed: the actor may not install.
        NotFound: there is no such release that the tenant may see.
        NotAdmitted: the admission rule says no.
        AlreadyAtVersion: there is nothing to update to.
    """
    work.actor.require("plugin.install")
    plan = await find_plan(work, aei_version, plugin_id, wish)
    release, present = plan.release, plan.present
    if present is not None:
        check_is_change(present.version, release.version, named=wish.version is not None)
    kept = None if present else await store.find_removed(work, work.actor.in_tenant(), plugin_id)
    before, held = await _before(work, present), present or kept
    config = held.config if held else {}
    newest = await catalog.list_releases(work, plugin_id, PageWanted(MOST_VERSIONS))
    granted = _proposed(release.manifest, held, before) if wish.grants is None else wish.grants
    return Prospect(
        plan,
        permissions_of(release.manifest, granted, before),
        tuple(Along(step, _along(step, wish)) for step in plan.steps),
        kept,
        tuple(each.version for each in newest.items if each.state in catalog.OFFERED),
        config,
        not accepts(release.manifest, config),
        (await catalog.find_texts(work, plugin_id, release.version)).changelog,
        await billing.find_offer(work, plugin_id),
    )


async def find_departure(work: Work, plugin_id: str) -> Departure:
    """What the end of an installation would mean.

    Raises:
        NotAllowed: the actor may not install.
        NotInstalled: there is none.
    """
    work.actor.require("plugin.install")
    present = await live_installation(work, work.actor.in_tenant(), plugin_id)
    release = (await catalog.releases_by_id(work, [present.release_id])).get(present.release_id)
    return Departure(present, release, tuple(await left_without(work, plugin_id)), work.now + KEPT)


async def _before(work: Work, present: Installation | None) -> Manifest | None:
    if present is None:
        return None
    found = (await catalog.releases_by_id(work, [present.release_id])).get(present.release_id)
    # Of a release that is hidden from the tenant by now, everything newer is new.
    return found.manifest if found else Manifest({"id": present.plugin_id})


def _proposed(
    manifest: Manifest, held: Installation | None, before: Manifest | None
) -> Mapping[str, Mapping[str, Any]] | None:
    """What the form begins with: what was granted before, and what is new; all of a new plugin's."""
    if held is None:
        return None
    if before is None:
        return held.grants
    added = Capabilities.requested(permission_difference(before, manifest))
    kept = held_capabilities(manifest, held.grants)
    return as_grants(_joined(kept, added))


def _joined(one: Capabilities, other: Capabilities) -> Capabilities:
    return Capabilities(
        hosts=(*one.hosts, *other.hosts),
        secrets=(*one.secrets, *other.secrets),
        chat=(*one.chat, *other.chat),
        embed=(*one.embed, *other.embed),
        max_tokens=one.max_tokens + other.max_tokens,
        scratch_mib=one.scratch_mib + other.scratch_mib,
        persistent_mib=one.persistent_mib + other.persistent_mib,
    )


def _along(step: Step, wish: Wish) -> tuple[Permission, ...]:
    wished = (wish.along or {}).get(step.release.plugin_id)
    granted = step.present.grants if step.present else None
    if wished is not None and wished.grants is not None:
        granted = wished.grants
    return permissions_of(step.release.manifest, granted, prefix=f"along/{step.release.plugin_id}/")
