"""Changing a live installation: on and off, grants, configuration, policy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import NotAdmitted, Stale
from aei_marketplace.installations.rules.grants import read_grants
from aei_marketplace.installations.rules.terms import check_config, check_policy
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.reading import Described, describe
from aei_marketplace.installations.service.requested import live_installation
from aei_marketplace.installations.service.switching import leave_release
from aei_protocol.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Change:
    """What to change; None leaves it as it is.

    Attributes:
        pinned: whether it stays at its version, or follows its channel.
        channel: the one that it follows.
    """

    grants: Mapping[str, Any] | None = None
    config: Mapping[str, Any] | None = None
    policy: Mapping[str, Any] | None = None
    pinned: bool | None = None
    channel: str | None = None


async def toggle(work: Work, plugin_id: str, *, enabled: bool, if_match: str | None = None) -> Described:
    """Switch an installation on or off; what runs finishes.

    Raises:
        NotAllowed: the actor may not install.
        NotInstalled: there is none.
        Stale: it has changed since the caller read it.
    """
    work.actor.require("plugin.install")
    present = await _held(work, plugin_id, if_match)
    if present.enabled is enabled:
        return await describe(work, present)
    changed = replace(present, enabled=enabled, updated_at=work.now)
    await store.save(work, changed)
    if not enabled:
        await leave_release(work, changed)
    context = {"plugin": plugin_id, "enabled": enabled}
    work.record(Fact("installation.toggle", "installation", str(present.id), context=context))
    return await describe(work, changed)


async def change(work: Work, plugin_id: str, wanted: Change, if_match: str | None = None) -> Described:
    """Change grants, configuration, policy, pin or channel; the next execution runs under the new ones.

    Raises:
        NotAllowed: the actor may not install.
        NotInstalled: there is none.
        Stale: it has changed since the caller read it.
        Invalid: what was sent does not fit the release.
    """
    work.actor.require("plugin.install")
    present = await _held(work, plugin_id, if_match)
    manifest = await _manifest(work, present)
    changed = replace(
        present,
        grants=present.grants if wanted.grants is None else read_grants(wanted.grants, manifest),
        config=present.config if wanted.config is None else check_config(wanted.config, manifest),
        policy=present.policy if wanted.policy is None else check_policy(wanted.policy),
        pinned=present.pinned if wanted.pinned is None else wanted.pinned,
        channel=present.channel if wanted.channel is None else _channel(wanted.channel),
        updated_at=work.now,
    )
    await store.save(work, changed)
    _record(work, present, changed)
    return await describe(work, changed)


async def _held(work: Work, plugin_id: str, if_match: str | None) -> Installation:
    tenant = work.actor.in_tenant()
    await store.hold(work, tenant, plugin_id)
    present = await live_installation(work, tenant, plugin_id)
    if if_match is not None and if_match not in ("*", present.etag):
        raise Stale(f"The installation of {plugin_id} has changed since you read it.")
    return present


async def _manifest(work: Work, present: Installation) -> Manifest:
    release = (await catalog.releases_by_id(work, [present.release_id])).get(present.release_id)
    if release is None:
        raise NotAdmitted(f"{present.plugin_id} {present.version} is no longer shared with your tenant.")
    return release.manifest


def _channel(text: str) -> str:
    try:
        return str(catalog.Channel(text))
    except ValueError as error:
        fault = Fault("/channel", f"one of {', '.join(catalog.Channel)}")
        raise Invalid("There is no such channel.", faults=[fault]) from error


def _kept(installation: Installation) -> tuple[Any, ...]:
    """What is configured, beside the grants."""
    return installation.config, installation.policy, installation.pinned, installation.channel


def _record(work: Work, before: Installation, after: Installation) -> None:
    """Configuration may hold anything: the log says that it changed, and not to what."""
    if after.grants != before.grants:
        given = {"plugin": after.plugin_id, "grants": after.grants, "before": before.grants}
        work.record(Fact("installation.grant", "installation", str(after.id), context=given))
    if _kept(after) != _kept(before):
        context: dict[str, Any] = {
            "plugin": after.plugin_id,
            "config": after.config != before.config,
            "policy": after.policy,
            "pinned": after.pinned,
            "channel": after.channel,
        }
        work.record(Fact("installation.configure", "installation", str(after.id), context=context))
