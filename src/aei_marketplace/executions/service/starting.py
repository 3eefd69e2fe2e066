"""From a request to a run: what applies, whether it is admitted, within which limits."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.billing.rules.access import run_terms
from aei_marketplace.executions.errors import InstallationDisabled, NotAdmitted, NotInstalled, Outdated
from aei_marketplace.executions.rules.requests import Wanted, check_limits, check_task
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.passes import Pass
from aei_marketplace.executions.service.plan import Plan, planned_run, require_admitted
from aei_marketplace.executions.service.records import started_execution
from aei_marketplace.executions.service.releases import Runnable
from aei_marketplace.executions.service.run import Run
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.store.quick import Terms, find_terms
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Denial, Refusal
from aei_marketplace.installations.rules.admission import Facts
from aei_marketplace.installations.rules.limits import effective_allowance, effective_limits
from aei_marketplace.installations.rules.selection import exclusions
from aei_protocol.identifiers import PluginId

#: So often what applies is read anew when it changes between reading and starting.
_READINGS = 3

_Begun = tuple[Run, "asyncio.Task[Execution]"]


async def execute(runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: Wanted) -> Execution:
    """Run an installation on a task and wait for its end; it ends and is recorded even if nobody waits.

    Raises:
        NotInstalled, InstallationDisabled, NotAdmitted: it may not run.
        TaskTooLarge, TaskUnfit, Invalid: the task or the limits cannot be used.
        TooManyRunning, TooFast, QueueFull, NotReady, NeverStarted: not now.
    """
    _, ending = await _begin(runs, actor, trace_id, plugin_id, wanted)
    return await asyncio.shield(ending)


async def execute_later(runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: Wanted) -> Execution:
    """The same without waiting for the end: returns once the start is durable."""
    run, _ = await _begin(runs, actor, trace_id, plugin_id, wanted)
    return started_execution(run.start)


async def execute_by_token(
    runs: Runs, token: str, trace_id: str, plugin_id: str, wanted: Wanted
) -> Execution:
    """The one or the other, as the mode wants it, for who holds a token.

    Raises:
        NotSignedIn: the token is unknown, revoked or expired.
        Refusal: everything that `execute` raises.
    """
    run, ending = await _begin_by_token(runs, token, trace_id, plugin_id, wanted)
    return await asyncio.shield(ending) if wanted.mode == "sync" else started_execution(run.start)


async def _begin_by_token(runs: Runs, token: str, trace_id: str, plugin_id: str, wanted: Wanted) -> _Begun:
    """Under what is known from an earlier run; only what is so now may refuse."""
    known = runs.passes.find(token, plugin_id)
    if known is not None:
        try:
            return await _begin(runs, known.actor, trace_id, plugin_id, wanted, known)
        except Refusal:
            runs.passes.forget(known)
    for _ in range(_READINGS):
        known = await runs.passes.read(token, plugin_id, trace_id)
        try:
            return await _begin(runs, known.actor, trace_id, plugin_id, wanted, known)
        except Outdated:
            runs.passes.forget(known)
        except Denial as refusal:
            await runs.deps.works.record_denial(known.actor, refusal, trace_id)
            raise
    raise Outdated(f"What applies to {plugin_id[:120]!r} in your tenant changes right now.")


async def _begin(
    runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: Wanted, under: Pass | None = None
) -> _Begun:
    async with runs.turns.turn(actor.in_tenant()):
        run = await decide(runs, actor, trace_id, plugin_id, wanted, under)
        ending = runs.begin(run)
        await asyncio.shield(run.started)
    return run, ending


async def decide(
    runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: Wanted, under: Pass | None = None
) -> Run:
    """A run that may begin; raises what `execute` does, before anything was written.

    Args:
        under: what is known of caller and plugin already; the start checks it.
    """
    actor.require("plugin.execute")
    tenant = actor.in_tenant()
    asked = check_limits(wanted.limits)
    runs.require_room(tenant)
    terms = under.terms if under else await find_installed(runs, tenant, plugin_id)
    if terms is None:
        raise _not_installed(plugin_id, actor)
    policies = _decoded(terms.tenant_policies)
    allowance = effective_allowance(runs.deps.operator_allowance, policies)
    runs.pace.require(tenant, allowance)
    known = await runs.releases.find(runs.deps.works, actor, terms.release_id)
    release, purchase = _admitted(plugin_id, terms, known, runs.deps.aei_version, policies, tenant)
    policy = _decoded(terms.policy)
    lowered = (_limits_in(policies), _limits_in(policy), asked)
    limits = effective_limits(release.manifest.limits, runs.deps.operator_cap, *lowered)
    task = bytes(wanted.task)
    check_task(task, limits, release.schema)
    runs.require_room(tenant)
    plan = Plan(
        mode=wanted.mode,
        release_id=terms.release_id,
        release=release,
        installation_id=terms.installation_id,
        capabilities=release.capabilities(terms.grants),
        limits=limits,
        config=terms.config,
        task=task.decode(),
        concurrency=allowance.concurrency,
        journal=wanted.journal or bool(policy.get("journal")),
        purchase=purchase,
    )
    run = planned_run(runs, actor, trace_id, plan)
    run.under = under
    return run


async def find_installed(runs: Runs, tenant: UUID, plugin_id: str) -> Terms | None:
    """What applies to a plugin in a tenant; None when it is not installed."""
    try:
        PluginId.parse(plugin_id)
    except ValueError:
        return None
    works = runs.deps.works
    return await find_terms(works.database.quick, tenant, plugin_id, works.clock())


def _admitted(
    plugin_id: str,
    terms: Terms,
    release: Runnable | None,
    aei_version: str,
    policies: Mapping[str, Any],
    tenant: UUID,
) -> tuple[Runnable, UUID | None]:
    """The release, and the purchase under which the run is counted."""
    if not terms.enabled:
        raise InstallationDisabled(
            f"The installation of {plugin_id} is disabled in your tenant.",
            advice=f"Enable it with POST /api/plugins/{plugin_id}/toggle, or ask who may install.",
        )
    if release is None or terms.release_state is None:
        raise NotAdmitted(f"{plugin_id} {terms.version} is no longer shared with your tenant.")
    money = run_terms(plugin_id, terms.billing, release.pricing, own=release.owner == tenant)
    facts = Facts(
        purpose="execute",
        state=terms.release_state,
        state_reason=terms.state_reason,
        exact=True,
        aei_version=aei_version,
        aei_range=release.manifest.aei_range,
        owed=money.refused,
        excluded=exclusions(policies, release.manifest),
    )
    require_admitted(facts, f"{plugin_id} {terms.version}", money.advice)
    return release, money.metered


def _decoded(policy: str) -> Mapping[str, Any]:
    return msgspec.json.decode(policy, type=dict[str, Any]) if policy != "{}" else {}


def _limits_in(policy: Mapping[str, Any]) -> Mapping[str, int]:
    limits: Mapping[str, int] = policy.get("limits", {})
    return limits


def _not_installed(plugin_id: str, actor: Actor) -> NotInstalled:
    advice = (
        f"Install it with POST /api/plugins/{plugin_id}/install."
        if actor.may("plugin.install")
        else "Ask someone who may install plugins in your tenant."
    )
    return NotInstalled(f"{plugin_id[:120]!r} is not installed in your tenant.", advice=advice)
