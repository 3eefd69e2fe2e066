"""What was decided about an execution before it begins, and the run that follows from it."""

import asyncio
import hashlib
from dataclasses import dataclass
from uuid import UUID

import msgspec

from aei_marketplace.billing.errors.purchases import PaymentRequired
from aei_marketplace.executions.errors import NotAdmitted
from aei_marketplace.executions.rules.journals import digest_key
from aei_marketplace.executions.service.releases import Runnable
from aei_marketplace.executions.service.run import Run
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.store.quick import Start
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import new_id
from aei_marketplace.installations.rules.admission import Answer, Facts, admit
from aei_protocol.limits import Limits
from aei_protocol.messages import Execute
from aei_protocol.permissions import Capabilities


@dataclass(frozen=True, slots=True)
class Plan:
    """An execution that may begin.

    Attributes:
        installation_id: None for a try-out, and for the replay of one.
        task, config: JSON.
        concurrency: how many executions the tenant wants to run at once.
        journal: keep the host calls for replays.
        purchase: under which it is counted; None where it costs nothing.
    """

    mode: str
    release_id: UUID
    release: Runnable
    installation_id: UUID | None
    capabilities: Capabilities
    limits: Limits
    config: str
    task: str
    concurrency: int
    journal: bool
    purchase: UUID | None = None


def require_admitted(facts: Facts, named: str, pay: str | None = None) -> None:
    """Stop here unless the admission rule lets a release run.

    Args:
        named: the release in words, `acme.echo 1.0.0`.
        pay: what to do where nothing stands against it but that it is not bought or paid.

    Raises:
        PaymentRequired: nothing stands against it but that it is not bought, or not paid.
        NotAdmitted: it does not.
    """
    verdict = admit(facts)
    if verdict.wants_payment:
        raise PaymentRequired(verdict.why(), advice=pay)
    if verdict.answer is Answer.NO:
        raise NotAdmitted(f"{named}: {verdict.why()}")


def planned_run(runs: Runs, actor: Actor, trace_id: str, plan: Plan) -> Run:
    """The run of a plan; nothing has begun."""
    assert actor.id is not None, "who holds an action of a tenant has an account"
    id, tenant, task = new_id(), actor.in_tenant(), plan.task.encode()
    manifest = plan.release.manifest
    start = Start(
        tenant=tenant,
        id=id,
        installation_id=plan.installation_id,
        plugin_id=manifest.id,
        version=manifest.version,
        release_id=plan.release_id,
        actor_id=actor.id,
        mode=plan.mode,
        owner=runs.owner.id,
        trace_id=trace_id,
        limits=msgspec.json.encode(plan.limits).decode(),
        task_bytes=len(task),
        task_sha256=hashlib.sha256(task).digest(),
        started_at=runs.deps.works.clock(),
        purchase_id=plan.purchase,
    )
    message = Execute(
        id=str(id),
        tenant=str(tenant),
        installation="" if plan.installation_id is None else str(plan.installation_id),
        plugin=manifest.id,
        version=manifest.version,
        component=plan.release.component,
        interfaces=manifest.interfaces,
        capabilities=plan.capabilities,
        limits=plan.limits,
        config=plan.config,
        task=plan.task,
        concurrency=plan.concurrency,
        journal=digest_key(runs.deps.master_key, tenant, id) if plan.journal else None,
    )
    return Run(actor, start, message, runs.deps.live, asyncio.get_running_loop().create_future())
