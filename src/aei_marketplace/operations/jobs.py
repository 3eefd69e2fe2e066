"""What runs beside the requests."""

from aei_marketplace.ground.deps import Deps
from aei_marketplace.operations.service import fail_forgotten
from aei_marketplace.operations.store import CHANNEL

#: The database's channel of changed operations, and the topic of those who follow one.
NEWS = {CHANNEL: "operation"}


async def end_forgotten(deps: Deps) -> None:
    """Tell whoever still waits for an operation that nobody works on it any more."""
    async with deps.works.system("operations.end_forgotten") as work:
        await fail_forgotten(work)
