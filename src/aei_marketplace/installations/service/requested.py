"""What installing and updating share: a release that is admitted, terms that fit it, its artefact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing import service as billing
from aei_marketplace.billing.errors.purchases import PaymentRequired
from aei_marketplace.billing.service import Entitlement
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import SandboxRefused
from aei_marketplace.ground.work import Work
from aei_marketplace.installations.errors import NotAdmitted, NotInstalled, NotPrepared
from aei_marketplace.installations.rules.admission import Answer, Verdict
from aei_marketplace.installations.rules.grants import clamped, read_grants
from aei_marketplace.installations.rules.requests import is_newer
from aei_marketplace.installations.rules.terms import check_config, kept_config
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.choosing import (
    Conditions,
    Judged,
    choose_newest,
    fitting_releases,
    judge_all,
    owed,
)
from aei_marketplace.installations.store import find
from aei_marketplace.operations.service import Operation


@dataclass(frozen=True, slots=True)
class Requested:
    """An operation that was opened, and what whoever asked should know about it.

    Attributes:
        not_granted: what the release requests and will not hold.
        new_permissions: what an update requests beyond the present release.
        warnings: grounds of the admission rule that do not stop it.
        joined: somebody else had opened it.
    """

    operation: Operation
    not_granted: Mapping[str, Any] = field(default_factory=dict)
    new_permissions: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    joined: bool = False


async def admitted_release(
    work: Work,
    aei_version: str,
    plugin_id: str,
    version: str | None,
    channel: str,
    *,
    exact: bool,
    unbought: bool = False,
    above: str | None = None,
) -> tuple[ReleaseView, Verdict]:
    """A release that the tenant may install: the named one, or the newest of the channel that fits it.

    Args:
        exact: the caller named the version, and so may have one that was yanked.
        unbought: give it also when it has to be bought first: it is looked at, not installed.
        above: the version that is installed; nothing below it is taken that was not named.

    Raises:
        NotFound: there is none that the actor may see.
        PaymentRequired: it has to be bought first.
        NotAdmitted: the admission rule says no; of the newest, where none was named.
    """
    release = await catalog.find_release(work, plugin_id, version, channel)
    conditions, held = await _conditions(work, aei_version, release)
    if exact:
        verdict = conditions.judge(release, work.now, exact=True)
    elif version is not None:
        [(release, verdict)] = await judge_all(work, conditions, [release])
    else:
        latest, channels = {plugin_id: release}, {plugin_id: catalog.Channel(channel)}
        present = {} if above is None else {plugin_id: above}
        release, verdict = (await choose_newest(work, conditions, latest, channels, present))[plugin_id]
    if verdict.wants_payment and not unbought:
        raise PaymentRequired(held.why, advice=held.advice)
    if not verdict.installs:
        others = "" if version is not None else f" No older release on the channel {channel} fits either."
        raise NotAdmitted(f"{plugin_id} {release.version}: {verdict.why()}{others}")
    return release, verdict


async def admitted_below(
    work: Work, aei_version: str, release: ReleaseView, channel: str, above: str | None
) -> list[Judged]:
    """The older releases on a channel that the tenant may install as well, the highest first.

    Args:
        release: what the channel's newest came to.
        above: as for `admitted_release`.
    """
    conditions, _ = await _conditions(work, aei_version, release)
    found = await fitting_releases(work, conditions, [release.plugin_id], catalog.Channel(channel))
    return [
        (each, verdict)
        for each, verdict in found
        if is_newer(release.version, each.version) and (above is None or is_newer(each.version, above))
    ]


async def live_installation(work: Work, tenant: UUID, plugin_id: str) -> Installation:
    """The tenant's installation of a plugin.

    Raises:
        NotInstalled: there is none.
    """
    installation = await find(work, tenant, plugin_id)
    if installation is None:
        raise NotInstalled(f"{plugin_id[:120]!r} is not installed in your tenant.")
    return installation


def fitting_terms(
    release: ReleaseView,
    grants: Mapping[str, Any] | None,
    config: Mapping[str, Any] | None,
    before: Installation | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Grants and configuration for a release: those that were sent, else those from before that still fit.

    Raises:
        Invalid, GrantsBeyond: the grants cannot be given.
        ConfigUnfit: the release does not accept the configuration.
    """
    manifest = release.manifest
    old_grants = clamped(before.grants, manifest) if before else {}
    old_config = kept_config(before.config, manifest) if before else {}
    return (
        old_grants if grants is None else read_grants(grants, manifest),
        check_config(old_config if config is None else config, manifest),
    )


async def prepare(deps: Deps, release: ReleaseView) -> bool:
    """Have the sandbox hold the release's artefact.

    Returns:
        Whether it had to be compiled.

    Raises:
        NotPrepared: it does not take the component.
        SandboxGone: it does not answer; the job is done again later.
    """
    component, interfaces = release.component_sha256, release.manifest.interfaces
    try:
        await deps.sandbox.prepare(component, interfaces)
        return False
    except SandboxRefused as refused:
        if refused.code != "component_missing":
            raise _not_prepared(release, refused) from refused
    try:
        content = await deps.blobs.get(component)
        await deps.sandbox.prepare(component, interfaces, content)
    except SandboxRefused as refused:
        raise _not_prepared(release, refused) from refused
    except KeyError as missing:
        raise NotPrepared(f"The component of {release.plugin_id} {release.version} is missing.") from missing
    return True


def warnings(verdict: Verdict) -> list[str]:
    """What the admission rule has to say about a release that it lets pass."""
    return [r.message for r in verdict.reasons if r.answer is Answer.WARN]


async def _conditions(work: Work, aei_version: str, release: ReleaseView) -> tuple[Conditions, Entitlement]:
    held = (await billing.entitlements_of(work, [release]))[release.plugin_id]
    policies = await accounts.policies_in_force(work)
    return Conditions(aei_version, policies, {release.plugin_id: owed(held)}), held


def _not_prepared(release: ReleaseView, refused: SandboxRefused) -> NotPrepared:
    return NotPrepared(f"{release.plugin_id} {release.version}: {refused.detail} ({refused.code}).")
