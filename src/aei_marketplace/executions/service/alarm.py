"""Telling those concerned that a plugin may have broken out of its runtime."""

import structlog

from aei_marketplace.executions.events import SandboxViolated
from aei_marketplace.executions.store.quick import Start
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_protocol.messages import Ended

log = structlog.get_logger()


async def raise_alarm(deps: Deps, actor: Actor, start: Start, ended: Ended) -> None:
    """Alert operator and tenant of a violation whose end is recorded, `sandbox.violation` entry included."""
    event = SandboxViolated(
        start.id, start.tenant, start.installation_id, start.plugin_id, start.version, start.release_id
    )
    log.critical(
        "sandbox.violation",
        execution=str(start.id),
        tenant=str(start.tenant),
        plugin=start.plugin_id,
        version=start.version,
        problem=ended.problem,
        walls=list(ended.walls),
    )
    try:
        async with deps.works.begin(actor, start.trace_id) as work:
            work.emit(event)
    except Exception:
        # The entry in the audit log stands; the caller's answer must not depend on the notice.
        log.exception("sandbox.violation_not_announced", execution=str(start.id))
