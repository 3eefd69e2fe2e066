"""All that a tenant has installed, with the action that fits each; and all simple updates at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.actions import ActionKind, PluginAction
from aei_marketplace.installations.rules.grants import not_granted
from aei_marketplace.installations.rules.overview import Show
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.installations.rules.updates import Updates, terms_of
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.fitting import actions_for
from aei_marketplace.installations.service.requested import live_installation
from aei_marketplace.installations.service.updating import request_update


@dataclass(frozen=True, slots=True)
class Surveyed:
    """An installation among the others of its tenant.

    Attributes:
        release: None when the tenant does not see it any more.
        action: what fits now.
        missing: what the release requests and was not granted.
        updates: how it takes new releases by itself.
    """

    installation: Installation
    release: ReleaseView | None
    action: PluginAction
    missing: Mapping[str, Any]
    updates: Updates

    @property
    def name(self) -> str:
        """The plugin's name; its id once nothing more is known of it."""
        return str(self.release.manifest.document["name"]) if self.release else self.installation.plugin_id

    @property
    def words(self) -> str:
        """What a search looks through."""
        return f"{self.installation.plugin_id} {self.name}".casefold()

    @property
    def shows(self) -> frozenset[Show]:
        """Everything that it is listed under."""
        held = {
            Show.ALL: True,
            Show.UPDATES: self.action.kind in (ActionKind.UPDATE, ActionKind.REVIEW),
            Show.OFF: not self.installation.enabled,
            Show.PINNED: self.installation.pinned,
            Show.ATTENTION: bool(self.missing or self.stopped),
        }
        return frozenset(show for show, holds in held.items() if holds)

    @property
    def stopped(self) -> str | None:
        """Why it does not run, whatever the tenant does; None when it does."""
        if self.release is None:
            return "not shared with your tenant any more"
        return str(self.release.state) if self.release.state in catalog.STOPPED else None


@dataclass(frozen=True, slots=True)
class Together:
    """What became of updating everything that needs no decision.

    Attributes:
        asked: the plugins that are being updated.
        refused: the others, each with the reason.
    """

    asked: Sequence[str]
    refused: Mapping[str, str]


async def survey(work: Work, aei_version: str) -> tuple[Surveyed, ...]:
    """All live installations of the actor's tenant, by plugin id, in few statements.

    Raises:
        NotAllowed: the actor may not browse, or acts in no tenant.
    """
    work.actor.require("plugin.browse")
    installed = await store.find_live(work, work.actor.in_tenant())
    releases = await catalog.releases_by_id(work, {i.release_id for i in installed})
    actions = await actions_for(work, aei_version, [i.plugin_id for i in installed])
    policies = await accounts.policies_in_force(work)
    return tuple(
        _surveyed(i, releases.get(i.release_id), actions[i.plugin_id], policies)
        for i in sorted(installed, key=lambda i: i.plugin_id)
    )


async def find_surveyed(work: Work, aei_version: str, plugin_id: str) -> Surveyed:
    """One of them.

    Raises:
        NotAllowed: the actor may not browse, or acts in no tenant.
        NotInstalled: there is none.
    """
    work.actor.require("plugin.browse")
    installation = await live_installation(work, work.actor.in_tenant(), plugin_id)
    releases = await catalog.releases_by_id(work, [installation.release_id])
    actions = await actions_for(work, aei_version, [plugin_id])
    policies = await accounts.policies_in_force(work)
    return _surveyed(installation, releases.get(installation.release_id), actions[plugin_id], policies)


async def update_simple(deps: Deps, actor: Actor, trace_id: str) -> Together:
    """Ask for every update that needs no decision, each by itself: one that is refused stops no other.

    Raises:
        NotAllowed: the actor may not install.
    """
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require("plugin.install")
        found = [each.action for each in await survey(work, deps.aei_version)]
    asked: list[str] = []
    refused: dict[str, str] = {}
    for action in (each for each in found if each.kind is ActionKind.UPDATE):
        try:
            async with deps.works.begin(actor, trace_id) as work:
                await request_update(work, deps.aei_version, action.plugin_id, Wish(seen=action.version))
            asked.append(action.plugin_id)
        except Refusal as refusal:
            refused[action.plugin_id] = refusal.detail
    return Together(asked, refused)


def _surveyed(
    installation: Installation,
    release: ReleaseView | None,
    action: PluginAction,
    policies: Mapping[str, Any],
) -> Surveyed:
    missing = not_granted(release.manifest, installation.grants) if release else {}
    updates = Updates.OFF if installation.pinned else terms_of(policies, installation.policy).updates
    return Surveyed(installation, release, action, missing, updates)
