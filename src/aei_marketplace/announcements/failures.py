"""Who is told of what went wrong: a plugin that broke out of its limits, an operation that failed."""

from aei_marketplace.announcements.telling import JOB, of_release
from aei_marketplace.executions.events import SandboxViolated
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders, to_staff, to_user
from aei_marketplace.operations.events import OperationFailed


async def sandbox_violated(deps: Deps, event: SandboxViolated, trace_id: str) -> None:
    """Tell the tenant's admins and the operator."""
    data = {"plugin": event.plugin_id, "version": event.version, "execution": str(event.execution_id)}
    async with deps.works.system(JOB, trace_id) as work:
        for to in (to_holders(event.tenant_id, "policy.administer"), to_staff("killlist.administer")):
            await notices.notify(work, Notice("sandbox.violated", to, of_release(event), data))


async def operation_failed(deps: Deps, event: OperationFailed, trace_id: str) -> None:
    """Tell whoever asked for it."""
    if event.actor_id is None:
        return
    data = {"operation": event.operation, "plugin": event.plugin_id or "", "problem": event.problem}
    about = Subject("operation", str(event.operation_id))
    async with deps.works.system(JOB, trace_id) as work:
        to = to_user(event.actor_id, event.tenant_id)
        await notices.notify(work, Notice("operation.failed", to, about, data))
