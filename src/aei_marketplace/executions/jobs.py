"""What the job process does for executions, again and again."""

from aei_marketplace.executions import service
from aei_marketplace.ground.deps import Deps


async def recover(deps: Deps) -> None:
    """End the executions whose process is gone; at start and every few seconds."""
    await service.recover(deps.works)


async def forget_old_output(deps: Deps) -> None:
    """Forget outputs, logs and old executions; daily."""
    while await service.forget_old(deps.works):
        pass
