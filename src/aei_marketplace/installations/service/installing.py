"""Installing: asked for in a request, carried out by a job as the same actor."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.events import InstallRequested
from aei_marketplace.installations.rules.grants import not_granted
from aei_marketplace.installations.rules.requests import Wish, check_is_seen
from aei_marketplace.installations.service.creating import Terms, count_new, create, refuse_installed
from aei_marketplace.installations.service.planning import plan_wish
from aei_marketplace.installations.service.requested import (
    Requested,
    admitted_release,
    fitting_terms,
)
from aei_marketplace.installations.service.together import agree, carry_out_steps, prepare_all, read_steps
from aei_marketplace.installations.service.under_way import join
from aei_marketplace.installations.service.wishes import keep_wish
from aei_marketplace.operations import service as operations


async def request_install(work: Work, aei_version: str, plugin_id: str, wish: Wish) -> Requested:
    """Open an installation, or join the one under way; whatever is known to stand against it is said now.

    Raises:
        NotAllowed: the actor may not install.
        NotFound: no such release, or none that the tenant may see.
        NotAdmitted: the admission rule says no.
        AlreadyInstalled: there is an installation.
        NotAsSeen: another release is offered than the one that was looked at.
        Unresolvable, PlanChanged: the wish names what comes along, and it is not what the plan says.
        Invalid: grants or configuration do not fit.
    """
    work.actor.require("plugin.install")
    tenant, user = work.actor.in_tenant(), work.actor.id
    assert user is not None, "who holds an action of a tenant has an account"
    pinned, channel = wish.version is not None, wish.channel or catalog.Channel.STABLE
    plan = await plan_wish(work, aei_version, plugin_id, wish, channel, None)
    release = plan.release
    under_way = await join(work, "install", plugin_id)
    await refuse_installed(work, tenant, plugin_id)
    check_is_seen(release.version, wish.seen)
    before = await store.find_removed(work, tenant, plugin_id)
    grants, _ = fitting_terms(release, wish.grants, wish.config, before)
    steps = None if wish.along is None else agree(plan, wish.along)
    if under_way is not None:  # it would have been refused by now if it were not fit to be asked for
        return under_way
    operation = await operations.open_operation(work, "install", plugin_id)
    await keep_wish(work, operation.id, plugin_id, wish)
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
            steps,
        )
    )
    told = [*plan.warnings, *(plan.told() if steps is None else ())]
    return Requested(operation, not_granted(release.manifest, grants), warnings=told)


async def install(deps: Deps, actor: Actor, trace_id: str, asked: InstallRequested) -> None:
    """Prepare the artefacts, then write installations and the operation's end in one transaction.

    Raises:
        Refusal: it cannot be installed (any more); the operation is still open.
        SandboxGone: the sandbox does not answer; do it again later.
    """
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
        along = await carry_out_steps(work, deps.aei_version, release, asked.steps)
        terms = Terms(asked.channel, asked.pinned, asked.grants, asked.config)
        done = await create(work, release, terms)
        await count_new(work, [*along, release.plugin_id])
        await operations.succeed(work, asked.operation_id, done)


async def _release(work: Work, deps: Deps, asked: InstallRequested) -> ReleaseView:
    release, _ = await admitted_release(
        work, deps.aei_version, asked.plugin_id, asked.version, asked.channel, exact=asked.pinned
    )
    return release
