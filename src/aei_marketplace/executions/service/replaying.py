"""Replaying an execution: the same release on the same task, its host calls answered from the journal."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing import service as billing
from aei_marketplace.catalog import service as catalog
from aei_marketplace.executions.errors import NoJournal, NoSuchExecution, NotAdmitted, StillRunning
from aei_marketplace.executions.rules.journals import Original, Recorded, digest_key, opened_with
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.plan import Plan, planned_run, require_admitted
from aei_marketplace.executions.service.records import find_execution, started_execution
from aei_marketplace.executions.service.releases import Runnable
from aei_marketplace.executions.service.run import Run
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.service.starting import find_installed
from aei_marketplace.executions.store import records
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.master_keys import candidates
from aei_marketplace.ground.work import Work
from aei_marketplace.installations.rules.admission import Facts
from aei_marketplace.installations.rules.limits import effective_allowance
from aei_marketplace.installations.rules.selection import exclusions
from aei_protocol.limits import Limits
from aei_protocol.permissions import Capabilities

_MISSING = {
    "too_large": "its host calls and their answers were more than is kept",
    "lost": "it was lost before its journal arrived",
    "kept": "its time is over",
    None: "none was asked for",
}


async def replay(runs: Runs, actor: Actor, trace_id: str, id: UUID) -> Execution:
    """Run an execution again as its journal tells it, and compare the ends.

    Nothing is called for it outside the sandbox. It is an execution of its own, of mode `replay`; the
    limits are those of the original, within the operator's present cap.

    Raises:
        NoSuchExecution: there is none that the actor may see.
        StillRunning, NoJournal, JournalUnreadable: there is nothing to replay from.
        NotAdmitted: the release may not run any more.
        TooManyRunning, TooFast, QueueFull, NotReady, NeverStarted: not now.
    """
    _, ending = await _begin(runs, actor, trace_id, id)
    return await asyncio.shield(ending)


async def replay_later(runs: Runs, actor: Actor, trace_id: str, id: UUID) -> Execution:
    """The same without waiting for the end: returns once the start is durable."""
    run, _ = await _begin(runs, actor, trace_id, id)
    return started_execution(run.start)


async def find_task(work: Work, master_key: bytes, id: UUID) -> tuple[Execution, str]:
    """An execution of the actor's own with the task that they gave it, JSON.

    Raises:
        NoSuchExecution: there is none, or somebody else gave the task.
        StillRunning, NoJournal, JournalUnreadable: the task was not kept, or not long enough.
    """
    execution = await find_execution(work, id)
    if execution.actor_id != work.actor.id:
        raise NoSuchExecution(f"Execution {id} is not yours; its task is shown to who gave it.")
    _, recorded = await _recorded(work, master_key, execution)
    return execution, recorded.task


async def _begin(runs: Runs, actor: Actor, trace_id: str, id: UUID) -> tuple[Run, "asyncio.Task[Execution]"]:
    actor.require("plugin.execute")
    async with runs.deps.works.begin(actor, trace_id) as work:
        original = await find_execution(work, id)
        master_key, recorded = await _recorded(work, runs.deps.master_key, original)
        policies = await accounts.policies_in_force(work)
        release_id = await _admitted_release(work, runs.deps.aei_version, policies, original)
    release = await runs.releases.find(runs.deps.works, actor, release_id)
    if release is None:
        raise _not_shared(original)
    allowance = effective_allowance(runs.deps.operator_allowance, policies)
    runs.require_room(actor.in_tenant())
    runs.pace.require(actor.in_tenant(), allowance)
    plan = Plan(
        mode="replay",
        release_id=release_id,
        release=release,
        installation_id=original.installation_id,
        capabilities=await _readable_secrets(runs, actor, original, release),
        limits=msgspec.json.decode(original.limits, type=Limits).capped(runs.deps.operator_cap),
        config="{}",
        task=recorded.task,
        concurrency=allowance.concurrency,
        journal=False,
    )
    run = _as_replay(planned_run(runs, actor, trace_id, plan), original, master_key, recorded)
    ending = runs.begin(run)
    await asyncio.shield(run.started)
    return run, ending


def _as_replay(run: Run, original: Execution, master_key: bytes, recorded: Recorded) -> Run:
    key = digest_key(master_key, run.start.tenant, original.id)
    run.start = replace(run.start, replay_of=original.id)
    run.task = replace(run.task, journal=key, recorded=recorded.journal)
    assert original.outcome is not None, "what has a journal has ended"
    run.replays = Original(original.id, original.outcome, original.output, original.problem)
    return run


async def _recorded(work: Work, master_key: bytes, original: Execution) -> tuple[bytes, Recorded]:
    """The journal, with the master key that it was kept under: its digests are made with that one."""
    if original.ended_at is None:
        raise StillRunning(f"Execution {original.id} has not ended yet.")
    sealed = await records.find_journal(work, original.id)
    if sealed is None:
        why = _MISSING[original.journal]
        raise NoJournal(f"There is no journal of execution {original.id}: {why}.")
    return opened_with(candidates(master_key), work.actor.in_tenant(), original.id, sealed)


async def _admitted_release(
    work: Work, aei_version: str, policies: Mapping[str, Any], original: Execution
) -> UUID:
    release_id = await records.find_release_id(work, original.id)
    release = (await catalog.releases_by_id(work, [release_id])).get(release_id)
    if release is None:
        raise _not_shared(original)
    # A try-out needs no purchase, and neither does what it is compared with.
    tried = original.installation_id is None
    held = None if tried else (await billing.entitlements_of(work, [release]))[release.plugin_id]
    facts = Facts(
        purpose="execute",
        state=release.state,
        state_reason=release.state_reason,
        exact=True,
        aei_version=aei_version,
        aei_range=release.manifest.aei_range,
        owed="" if held is None else held.why,
        excluded=exclusions(policies, release.manifest),
    )
    pay = None if held is None else held.advice
    require_admitted(facts, f"{original.plugin_id} {original.version}", pay)
    return release_id


def _not_shared(original: Execution) -> NotAdmitted:
    named = f"{original.plugin_id} {original.version}"
    return NotAdmitted(f"{named} is no longer shared with your tenant.")


async def _readable_secrets(runs: Runs, actor: Actor, original: Execution, release: Runnable) -> Capabilities:
    """The one thing that a replay reads anew, with the grants of today: values are never recorded."""
    terms = await find_installed(runs, actor.in_tenant(), original.plugin_id)
    if terms is None or terms.installation_id != original.installation_id:
        return Capabilities()
    return Capabilities(secrets=release.capabilities(terms.grants).secrets)
