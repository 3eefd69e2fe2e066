"""From a request to a run: what applies, whether it is admitted, within which limits."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.executions.errors import InstallationDisabled, NotAdmitted, NotInstalled
from aei_marketplace.executions.rules.journals import digest_key
from aei_marketplace.executions.rules.requests import Wanted, check_limits, check_task
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.records import started_execution
from aei_marketplace.executions.service.releases import Runnable
from aei_marketplace.executions.service.run import Run
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.store.quick import Start, Terms, find_terms
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import new_id
from aei_marketplace.installations.rules.admission import Answer, Facts, admit
from aei_marketplace.installations.rules.limits import effective_allowance, effective_limits
from aei_protocol.identifiers import PluginId
from aei_protocol.limits import Limits
from aei_protocol.messages import Execute


async def execute(runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: Wanted) -> Execution:
    """Run an installation on a task and wait for its end; it ends and is recorded even if nobody waits.

    Raises:
        NotInstalled, InstallationDisabled, NotAdmitted: it may not run.
        TaskTooLarge, TaskUnfit, Invalid: the task or the limits cannot be used.
        TooManyRunning, TooFast, QueueFull, NotReady, NeverStarted: not now.
    """
    run = await decide(runs, actor, trace_id, plugin_id, wanted)
    return await asyncio.shield(runs.begin(run))


async def execute_later(runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: Wanted) -> Execution:
    """The same without waiting for the end: returns once the start is durable."""
    run = await decide(runs, actor, trace_id, plugin_id, wanted)
    runs.begin(run)
    await asyncio.shield(run.started)
    return started_execution(run.start)


async def decide(runs: Runs, actor: Actor, trace_id: str, plugin_id: str, wanted: Wanted) -> Run:
    """A run that may begin; raises what `execute` does, before anything was written."""
    actor.require("plugin.execute")
    tenant = actor.in_tenant()
    asked = check_limits(wanted.limits)
    runs.require_room(tenant)
    terms = await find_installed(runs, tenant, plugin_id)
    if terms is None:
        raise _not_installed(plugin_id, actor)
    policies = _decoded(terms.tenant_policies)
    allowance = effective_allowance(runs.deps.operator_allowance, policies)
    runs.pace.require(tenant, allowance)
    release = await runs.releases.find(runs.deps.works, actor, terms.release_id)
    release = _admitted(plugin_id, terms, release, runs.deps.aei_version)
    policy = _decoded(terms.policy)
    lowered = (_limits_in(policies), _limits_in(policy), asked)
    limits = effective_limits(release.manifest.limits, runs.deps.operator_cap, *lowered)
    task = bytes(wanted.task)
    check_task(task, limits, release.schema)
    runs.require_room(tenant)
    journal = bool(policy.get("journal"))
    return _make_run(
        runs,
        actor,
        trace_id,
        wanted.mode,
        terms,
        release,
        limits,
        allowance.concurrency,
        task,
        journal=journal,
    )


async def find_installed(runs: Runs, tenant: UUID, plugin_id: str) -> Terms | None:
    """What applies to a plugin in a tenant; None when it is not installed."""
    try:
        PluginId.parse(plugin_id)
    except ValueError:
        return None
    return await find_terms(runs.deps.works.database.quick, tenant, plugin_id)


def _admitted(plugin_id: str, terms: Terms, release: Runnable | None, aei_version: str) -> Runnable:
    if not terms.enabled:
        raise InstallationDisabled(
            f"The installation of {plugin_id} is disabled in your tenant.",
            advice=f"Enable it with POST /api/plugins/{plugin_id}/toggle, or ask who may install.",
        )
    if release is None or terms.release_state is None:
        raise NotAdmitted(f"{plugin_id} {terms.version} is no longer shared with your tenant.")
    facts = Facts(
        purpose="execute",
        state=terms.release_state,
        state_reason=terms.state_reason,
        exact=True,
        aei_version=aei_version,
        aei_range=release.manifest.aei_range,
        pricing=release.pricing,
    )
    verdict = admit(facts)
    if verdict.answer is Answer.NO:
        raise NotAdmitted(f"{plugin_id} {terms.version}: {verdict.why()}")
    return release


def _decoded(policy: str) -> Mapping[str, Any]:
    return msgspec.json.decode(policy, type=dict[str, Any]) if policy != "{}" else {}


def _limits_in(policy: Mapping[str, Any]) -> Mapping[str, int]:
    limits: Mapping[str, int] = policy.get("limits", {})
    return limits


def _make_run(
    runs: Runs,
    actor: Actor,
    trace_id: str,
    mode: str,
    terms: Terms,
    release: Runnable,
    limits: Limits,
    concurrency: int,
    task: bytes,
    *,
    journal: bool,
) -> Run:
    assert actor.id is not None
    id, tenant = new_id(), actor.in_tenant()
    start = Start(
        tenant=tenant,
        id=id,
        installation_id=terms.installation_id,
        plugin_id=release.manifest.id,
        version=terms.version,
        release_id=terms.release_id,
        actor_id=actor.id,
        mode=mode,
        owner=runs.owner.id,
        trace_id=trace_id,
        limits=msgspec.json.encode(limits).decode(),
        task_bytes=len(task),
        task_sha256=hashlib.sha256(task).digest(),
        started_at=runs.deps.works.clock(),
    )
    execute_message = Execute(
        id=str(id),
        tenant=str(tenant),
        installation=str(terms.installation_id),
        plugin=release.manifest.id,
        version=terms.version,
        component=release.component,
        interfaces=release.manifest.interfaces,
        capabilities=release.capabilities(terms.grants),
        limits=limits,
        config=terms.config,
        task=task.decode(),
        concurrency=concurrency,
        journal=digest_key(runs.deps.master_key, tenant, id) if journal else None,
    )
    return Run(actor, start, execute_message, runs.deps.live, asyncio.get_running_loop().create_future())


def _not_installed(plugin_id: str, actor: Actor) -> NotInstalled:
    advice = (
        f"Install it with POST /api/plugins/{plugin_id}/install."
        if actor.may("plugin.install")
        else "Ask someone who may install plugins in your tenant."
    )
    return NotInstalled(f"{plugin_id[:120]!r} is not installed in your tenant.", advice=advice)
