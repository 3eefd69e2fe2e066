"""Trying a release out: one execution without an installation, and without any grant."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.executions.errors import NotAdmitted
from aei_marketplace.executions.rules.requests import check_task
from aei_marketplace.executions.rules.tryouts import (
    OF_A_TENANT,
    OF_A_USER,
    TRYOUT_CAP,
    TryWanted,
    chosen_task,
    default_config,
)
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.plan import Plan, planned_run, require_admitted
from aei_marketplace.executions.service.records import started_execution
from aei_marketplace.executions.service.run import Run
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.ground.actor import Actor
from aei_marketplace.installations.rules.admission import Facts
from aei_marketplace.installations.rules.limits import effective_allowance, effective_limits
from aei_marketplace.installations.rules.selection import exclusions
from aei_protocol.permissions import Capabilities

Requested = Mapping[str, Any]

_Begun = tuple[Run, "asyncio.Task[Execution]", Requested]


async def try_out(
    runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: TryWanted
) -> tuple[Execution, Requested]:
    """Run an example of a release, or a task of one's own, and wait for its end.

    It holds nothing: whatever the guest asks for is denied and shown. It is always journalled.

    Returns:
        The execution, and the permissions that the release asks for.

    Raises:
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
        NotAdmitted: it could not be installed either.
        TaskTooLarge, TaskUnfit, Invalid: the task cannot be used.
        TooManyRunning, TooFast, QueueFull, NotReady, NeverStarted: not now.
    """
    _, ending, requested = await _begin(runs, actor, trace_id, plugin_id, wanted)
    return await asyncio.shield(ending), requested


async def try_out_later(
    runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: TryWanted
) -> Execution:
    """The same without waiting for the end: returns once the start is durable."""
    run, _, _ = await _begin(runs, actor, trace_id, plugin_id, wanted)
    return started_execution(run.start)


def tryouts_left(runs: Runs, actor: Actor) -> int:
    """How many try-outs the actor may start at once right now, as this process counts."""
    assert actor.id is not None, "who is in a tenant has an account"
    return min(runs.tryouts.left(actor.id, OF_A_USER), runs.tryouts.left(actor.in_tenant(), OF_A_TENANT))


async def _begin(runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: TryWanted) -> _Begun:
    actor.require("plugin.execute")
    tenant = actor.in_tenant()
    runs.require_room(tenant)
    async with runs.deps.works.begin(actor, trace_id) as work:
        view = await catalog.find_release(work, plugin_id, wanted.version)
        policies = await accounts.policies_in_force(work)
    _require_admitted(view, runs.deps.aei_version, policies, exact=wanted.version is not None)
    release = await runs.releases.find(runs.deps.works, actor, view.release_id)
    if release is None:
        raise NotAdmitted(f"{plugin_id} {view.version} is no longer shared with your tenant.")
    cap = runs.deps.operator_cap.capped(TRYOUT_CAP)
    limits = effective_limits(view.manifest.limits, cap, policies.get("limits", {}))
    task = chosen_task(wanted, view.manifest)
    check_task(task, limits, release.schema)
    allowance = effective_allowance(runs.deps.operator_allowance, policies)
    _keep_pace(runs, actor)
    runs.pace.require(tenant, allowance)
    plan = Plan(
        mode="try",
        release_id=view.release_id,
        release=release,
        installation_id=None,
        capabilities=Capabilities(),
        limits=limits,
        config=msgspec.json.encode(default_config(view.manifest)).decode(),
        task=task.decode(),
        concurrency=min(allowance.concurrency, OF_A_TENANT.concurrency),
        journal=True,
    )
    run = planned_run(runs, actor, trace_id, plan)
    ending = runs.begin(run)
    await asyncio.shield(run.started)
    return run, ending, view.manifest.permissions


def _keep_pace(runs: Runs, actor: Actor) -> None:
    """Let one more try-out start; each process counts for itself.

    Raises:
        TooFast: the user, or all of the tenant, started too many.
    """
    assert actor.id is not None, "who holds an action of a tenant has an account"
    runs.tryouts.require(actor.id, OF_A_USER, "As try-outs you")
    runs.tryouts.require(actor.in_tenant(), OF_A_TENANT, "As try-outs your tenant")


def _require_admitted(
    view: ReleaseView, aei_version: str, policies: Mapping[str, Any], *, exact: bool
) -> None:
    facts = Facts(
        purpose="install",
        state=view.state,
        state_reason=view.state_reason,
        exact=exact,
        aei_version=aei_version,
        aei_range=view.manifest.aei_range,
        excluded=exclusions(policies, view.manifest),
    )
    require_admitted(facts, f"{view.plugin_id} {view.version}")
