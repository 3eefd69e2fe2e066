"""Automatic updates: chosen for each tenant with its own eyes, carried out as any other update."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing import service as billing
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState, ReleaseView, Rollout
from aei_marketplace.ground.actor import Actor, ActorKind, system_actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import NoLongerMeant
from aei_marketplace.installations.events import UpdateRequested
from aei_marketplace.installations.rules.admission import Answer, Verdict
from aei_marketplace.installations.rules.grants import new_calls, permission_difference
from aei_marketplace.installations.rules.resolution import Candidate, newly_broken
from aei_marketplace.installations.rules.terms import kept_config
from aei_marketplace.installations.rules.updates import Newer, Updates, choose_update, left_behind, terms_of
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.choosing import Conditions, owed
from aei_marketplace.operations import service as operations

_JOB = "installations.update_automatically"
#: An update that failed is tried again after so long, unless a newer release comes first.
AGAIN = timedelta(hours=24)


async def update_automatically(deps: Deps) -> int:
    """Ask for every update that some policy wants; how many were asked for."""
    async with deps.works.system(_JOB) as work:
        tenants = await store.find_following_tenants(work)
        closed = await accounts.closed_among(work, tenants)
    return sum([await _update_tenant(deps, tenant) for tenant in tenants if tenant not in closed])


async def require_still_meant(deps: Deps, asked: UpdateRequested) -> None:
    """Stop an automatic update here unless the installation would still go there by itself.

    Raises:
        NoLongerMeant: policy, grants, release or installation have changed since.
    """
    async with deps.works.begin(_eyes(asked.tenant_id)) as work:
        present = await store.find(work, asked.tenant_id, asked.plugin_id)
        beside = await _installed(work, asked.tenant_id)
        follows = present is not None and not present.pinned
        chosen = await _choose(work, deps.aei_version, present, beside) if present and follows else None
    if chosen is None or chosen.version != asked.version:
        raise NoLongerMeant(f"{asked.plugin_id} no longer goes to {asked.version} by itself.")


async def _update_tenant(deps: Deps, tenant: UUID) -> int:
    async with deps.works.begin(_eyes(tenant)) as work:
        policies = await accounts.policies_in_force(work)
        followers = await store.find_followers(work, tenant)
        wanted = [i for i in followers if terms_of(policies, i.policy).updates is not Updates.OFF]
        beside = await _installed(work, tenant) if wanted else []
        chosen = [(i, await _choose(work, deps.aei_version, i, beside)) for i in wanted]
    asked = [await _ask(deps, i, release) for i, release in chosen if release is not None]
    return sum(asked)


async def _installed(work: Work, tenant: UUID) -> list[Candidate]:
    """All that a tenant has, with what it needs of one another."""
    live = await store.find_live(work, tenant)
    releases = await catalog.releases_by_id(work, {i.release_id for i in live})
    return [_candidate(release) for release in releases.values()]


async def _choose(
    work: Work, aei_version: str, installation: Installation, beside: Sequence[Candidate]
) -> ReleaseView | None:
    """The release that an installation goes to by itself, as its tenant sees the catalogue.

    Args:
        beside: all that the tenant has.
    """
    policies = await accounts.policies_in_force(work)
    terms = terms_of(policies, installation.policy)
    present = (await catalog.releases_by_id(work, [installation.release_id])).get(installation.release_id)
    if terms.updates is Updates.OFF or present is None:
        return None
    newer = await catalog.newer_releases(
        work, installation.plugin_id, installation.version, installation.channel
    )
    by_version = {release.version: release for release, _ in newer}
    held = await billing.entitlements_of(work, list(by_version.values())[:1])
    hindrance = "".join(owed(each) for each in held.values())
    conditions = Conditions(aei_version, policies, {installation.plugin_id: hindrance})
    verdicts = {v: conditions.judge(release, work.now) for v, release in by_version.items()}
    offers = [
        _newer(
            _refusal(verdicts[release.version], present, release, beside), installation, present, release, r
        )
        for release, r in newer
    ]
    endangered = present.state is ReleaseState.YANKED or present.state in catalog.STOPPED
    deprecated = present.state is ReleaseState.DEPRECATED
    chosen = choose_update(
        terms, installation.version, offers, work.now, endangered=endangered, deprecated=deprecated
    )
    return None if chosen is None else by_version[chosen.version]


def _newer(
    refusal: str | None,
    installation: Installation,
    present: ReleaseView,
    release: ReleaseView,
    rollout: Rollout,
) -> Newer:
    assert release.listed_at is not None, "what is offered was listed"
    return Newer(
        version=release.version,
        security=rollout.security or left_behind(present.advisories, release.advisories),
        reached=catalog.reaches(release.release_id, installation.tenant_id, rollout.percent),
        listed_at=release.listed_at,
        refusal=refusal,
        asks_more=bool(
            permission_difference(present.manifest, release.manifest)
            or new_calls(present.manifest, release.manifest)
        ),
        config_fits=kept_config(installation.config, release.manifest) == installation.config,
        same_publisher=release.released_by == present.released_by,
        deprecated=release.state is ReleaseState.DEPRECATED,
    )


def _refusal(
    verdict: Verdict, present: ReleaseView, release: ReleaseView, beside: Sequence[Candidate]
) -> str | None:
    if verdict.answer is Answer.NO:
        return verdict.why()
    if left_behind(release.advisories, present.advisories):
        return f"{release.version} is affected by what {present.version} is not"
    others = [each for each in beside if each.plugin != release.plugin_id]
    broken = newly_broken(_candidate(present), _candidate(release), others)
    return f"{release.version} does not go together with what is installed: {broken[0]}" if broken else None


def _candidate(release: ReleaseView) -> Candidate:
    return Candidate(release.plugin_id, release.version, release.manifest.dependencies)


async def _ask(deps: Deps, installation: Installation, release: ReleaseView) -> bool:
    marketplace = replace(system_actor(_JOB), tenant=installation.tenant_id)
    async with deps.works.begin(marketplace) as work:
        work.actor.require("plugin.install")
        if not await store.ask_automatic(work, installation, release.release_id, AGAIN):
            return False
        operation = await operations.open_operation(work, "update", installation.plugin_id)
        work.emit(
            UpdateRequested(
                operation.id,
                installation.tenant_id,
                None,
                installation.plugin_id,
                release.version,
                installation.channel,
                pinned=False,
                grants=None,
                config=None,
            )
        )
        return True


def _eyes(tenant: UUID) -> Actor:
    """Sees what the tenant sees: of a plugin that is hidden from it, it must not get an update."""
    return Actor(ActorKind.SERVICE, name=_JOB, tenant=tenant, actions=frozenset({"plugin.browse"}))
