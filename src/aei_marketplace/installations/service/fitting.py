"""Which action fits each of several plugins, for whoever looks at a list of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing import service as billing
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import Channel, ReleaseView
from aei_marketplace.ground.actor import Actor, ActorKind
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.actions import (
    Candidate,
    PluginAction,
    Present,
    Situation,
    UnderWay,
    decide_action,
)
from aei_marketplace.installations.rules.grants import new_calls, permission_difference
from aei_marketplace.installations.rules.requests import is_newer
from aei_marketplace.installations.rules.terms import accepts, kept_config
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.choosing import Conditions, Judged, choose_newest, owed
from aei_marketplace.operations import service as operations
from aei_protocol.manifest import Manifest

#: The operations after which another action fits.
KINDS = ("install", "update", "uninstall")


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of the plugins, each by its id (releases by theirs)."""

    offered: Mapping[str, Judged]
    installed: Mapping[str, Installation]
    releases: Mapping[UUID, ReleaseView]
    under_way: Mapping[str, UnderWay]


async def actions_for(work: Work, aei_version: str, plugin_ids: Sequence[str]) -> Mapping[str, PluginAction]:
    """The action that fits each plugin, in at most thirteen statements however many they are.

    Visitors and staff, who act in no tenant, are told why nothing fits them.
    """
    known = await _read(work, aei_version, plugin_ids)
    hindrance = hindrance_of(work.actor)
    return {
        plugin_id: decide_action(
            Situation(
                plugin_id,
                hindrance,
                work.actor.may("spend.administer"),
                _present(known.installed.get(plugin_id)),
                _candidate(known, plugin_id),
                known.under_way.get(plugin_id),
            )
        )
        for plugin_id in plugin_ids
    }


def hindrance_of(actor: Actor) -> str | None:
    """Why an actor installs nothing; None for one who may."""
    if actor.kind is ActorKind.ANONYMOUS:
        return "Sign in to install it."
    if actor.tenant is None:
        return "Plugins are installed in a tenant; as staff you act in none."
    if not actor.may("plugin.install"):
        return "Your role does not install plugins. An Admin or ProjectManager of your tenant can."
    return None


async def _read(work: Work, aei_version: str, plugin_ids: Sequence[str]) -> _Known:
    tenant = work.actor.tenant
    installed = {} if tenant is None else await store.find_several(work, tenant, plugin_ids)
    stable = await catalog.latest_versions(work, plugin_ids)
    # Previews concern who follows them, and plugins that offer nothing else.
    previewing = [id for id in plugin_ids if id not in stable or _follows(installed.get(id), Channel.PREVIEW)]
    preview = await catalog.latest_versions(work, previewing, Channel.PREVIEW) if previewing else {}
    latest = {id: _latest(stable.get(id), preview.get(id), installed.get(id)) for id in plugin_ids}
    offered = await _offered(work, aei_version, {id: each for id, each in latest.items() if each}, installed)
    known = {release.release_id: release for release, _ in offered.values()}
    others = {i.release_id for i in installed.values()} - set(known)
    return _Known(
        offered,
        installed,
        {**known, **(await catalog.releases_by_id(work, others) if others else {})},
        {} if tenant is None else await _under_way(work, plugin_ids),
    )


def _latest(
    stable: ReleaseView | None, preview: ReleaseView | None, installation: Installation | None
) -> ReleaseView | None:
    """What an installation's channel offers; where there is none, the stable release before a preview."""
    if installation is None:
        return stable or preview
    return preview if installation.channel == Channel.PREVIEW else stable


async def _offered(
    work: Work,
    aei_version: str,
    latest: Mapping[str, ReleaseView],
    installed: Mapping[str, Installation],
) -> Mapping[str, Judged]:
    """Of each plugin the release that the tenant could go to, as a request that names none would."""
    member = work.actor.tenant is not None
    held = await billing.entitlements_of(work, latest.values()) if member else {}
    policies = await accounts.policies_in_force(work) if member else {}
    conditions = Conditions(aei_version, policies, {id: owed(each) for id, each in held.items()})
    channels = {
        id: Channel(installed[id].channel if id in installed else each.channel) for id, each in latest.items()
    }
    present = {id: each.version for id, each in installed.items()}
    return await choose_newest(work, conditions, latest, channels, present)


async def _under_way(work: Work, plugin_ids: Sequence[str]) -> dict[str, UnderWay]:
    found = await operations.list_under_way(work, KINDS, plugin_ids)
    return {o.plugin_id: UnderWay(o.id, o.kind) for o in found if o.plugin_id}


def _candidate(known: _Known, plugin_id: str) -> Candidate | None:
    if plugin_id not in known.offered:
        return None
    offered, verdict = known.offered[plugin_id]
    installation = known.installed.get(plugin_id)
    if installation is None:
        asks, decides = _of_install(offered)
    elif is_newer(offered.version, installation.version):
        asks, decides = _of_update(installation, known.releases.get(installation.release_id), offered)
    else:
        return None
    return Candidate(offered.version, verdict, asks, decides, offered.certified)


def _of_install(release: ReleaseView) -> tuple[int, bool]:
    """How many permissions a release requests, and whether there is more to decide."""
    manifest = release.manifest
    decides = release.channel is Channel.PREVIEW or bool(manifest.dependencies) or not accepts(manifest, {})
    return len(manifest.permissions), decides


def _of_update(
    installation: Installation, present: ReleaseView | None, newer: ReleaseView
) -> tuple[int, bool]:
    """The same of an update. Of a release that is hidden by now everything newer is new."""
    before = present.manifest if present else Manifest({**newer.manifest.document, "permissions": {}})
    loses_config = kept_config(installation.config, newer.manifest) != installation.config
    decides = (
        bool(new_calls(before, newer.manifest))
        or loses_config
        or not accepts(newer.manifest, installation.config)
    )
    return len(permission_difference(before, newer.manifest)), decides


def _present(installation: Installation | None) -> Present | None:
    if installation is None:
        return None
    return Present(installation.version, installation.enabled, installation.pinned)


def _follows(installation: Installation | None, channel: Channel) -> bool:
    return installation is not None and installation.channel == channel
