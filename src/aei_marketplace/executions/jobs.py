"""What the job process does for executions, again and again."""

from aei_marketplace.catalog.events import ReleaseStateChanged
from aei_marketplace.catalog.rules.states import STOPPED
from aei_marketplace.executions import service
from aei_marketplace.ground.deps import Deps


async def let_go(deps: Deps, event: ReleaseStateChanged, trace_id: str) -> None:  # noqa: ARG001 every reaction gets one
    """Have the sandbox let go of idle workers of a release that the registry has stopped."""
    if event.state in STOPPED:
        await deps.sandbox.retire(event.component_sha256)


async def recover(deps: Deps) -> None:
    """End the executions whose process is gone; at start and every few seconds."""
    await service.recover(deps.works)


async def forget_old_output(deps: Deps) -> None:
    """Forget outputs, logs and old executions; daily."""
    while await service.forget_old(deps.works):
        pass
