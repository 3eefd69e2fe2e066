"""Updating: another version in the place of the present one; what runs finishes on its release."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations.events import UpdateRequested
from aei_marketplace.installations.rules.grants import not_granted
from aei_marketplace.installations.rules.requests import Wish, check_is_change, check_is_seen
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.automatic import require_still_meant
from aei_marketplace.installations.service.creating import Terms, count_new
from aei_marketplace.installations.service.planning import plan_wish
from aei_marketplace.installations.service.requested import (
    Requested,
    admitted_release,
    fitting_terms,
    live_installation,
)
from aei_marketplace.installations.service.switching import difference, switch
from aei_marketplace.installations.service.together import agree, carry_out_steps, prepare_all, read_steps
from aei_marketplace.installations.service.under_way import join
from aei_marketplace.installations.service.wishes import keep_wish
from aei_marketplace.operations import service as operations


async def request_update(work: Work, aei_version: str, plugin_id: str, wish: Wish) -> Requested:
    """Open an update, to a named version or to the newest of the channel; or join the one under way.

    New permissions are not granted unless the wish says so: the new version runs under the old grants.

    Raises:
        NotAllowed: the actor may not install.
        NotInstalled, NotFound: no installation, or no such release.
        AlreadyAtVersion: there is nothing to update to.
        NotAsSeen: another release is offered than the one that was looked at.
        Unresolvable, PlanChanged: the wish names what comes along, and it is not what the plan says.
        NotAdmitted, Invalid: the release, the grants or the configuration cannot be used.
    """
    work.actor.require("plugin.install")
    tenant, user = work.actor.in_tenant(), work.actor.id
    assert user is not None, "who holds an action of a tenant has an account"
    present = await live_installation(work, tenant, plugin_id)
    under_way = await join(work, "update", plugin_id)
    pinned, channel = wish.version is not None, wish.channel or present.channel
    plan = await plan_wish(work, aei_version, plugin_id, wish, channel, present)
    release = plan.release
    check_is_change(present.version, release.version, named=pinned)
    check_is_seen(release.version, wish.seen)
    grants, _ = fitting_terms(release, wish.grants, wish.config, present)
    asks = await difference(work, present, release)
    steps = None if wish.along is None else agree(plan, wish.along)
    if under_way is not None:  # it would have been refused by now if it were not fit to be asked for
        return under_way
    operation = await operations.open_operation(work, "update", plugin_id)
    await keep_wish(work, operation.id, plugin_id, wish)
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
            steps,
        )
    )
    told = [*plan.warnings, *await _other_publisher(work, present, release)]
    told += plan.told() if steps is None else []
    return Requested(operation, not_granted(release.manifest, grants), asks, told)


async def update(deps: Deps, actor: Actor, trace_id: str, asked: UpdateRequested) -> None:
    """Prepare the artefacts, then switch over and end the operation in one transaction.

    Raises:
        Refusal: it cannot be updated (any more), or not by itself; the operation is still open.
        SandboxGone: the sandbox does not answer; do it again later.
    """
    if asked.user_id is None:
        await require_still_meant(deps, asked)
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require("plugin.install")
        release = await _release(work, deps, asked)
        plan = await read_steps(work, deps.aei_version, release, asked.steps)
        await operations.advance(
            work, asked.operation_id, 0.1, f"Preparing {asked.plugin_id} {asked.version}"
        )
    await prepare_all(deps, release, plan)
    async with deps.works.begin(actor, trace_id) as work:
        work.actor.require("plugin.install")
        release = await _release(work, deps, asked)
        await count_new(work, await carry_out_steps(work, deps.aei_version, release, asked.steps))
        terms = Terms(asked.channel, asked.pinned, asked.grants, asked.config)
        done = await switch(work, release, terms, automatic=asked.user_id is None)
        await operations.succeed(work, asked.operation_id, done)


async def _release(work: Work, deps: Deps, asked: UpdateRequested) -> ReleaseView:
    release, _ = await admitted_release(
        work, deps.aei_version, asked.plugin_id, asked.version, asked.channel, exact=asked.pinned
    )
    return release


async def _other_publisher(work: Work, present: Installation, release: ReleaseView) -> list[str]:
    """A word about a release whose publisher did not release the present one."""
    before = (await catalog.releases_by_id(work, [present.release_id])).get(present.release_id)
    if before is None or before.released_by == release.released_by:
        return []
    return [f"{release.version} is of another publisher than {before.version}: {release.publisher_name}."]
