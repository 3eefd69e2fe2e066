"""One truth for people who act in the same moment: what goes on with a plugin in their tenant."""

from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.service.fitting import KINDS
from aei_marketplace.operations import service as operations
from aei_marketplace.operations.service import Operation


async def find_under_way(work: Work, plugin_id: str) -> Operation | None:
    """What somebody of the actor's tenant began with a plugin; until the work ends nobody begins anything.

    Raises:
        NotAllowed: the actor may not install.
    """
    work.actor.require("plugin.install")
    await store.hold(work, work.actor.in_tenant(), plugin_id)
    under_way = await operations.list_under_way(work, KINDS, [plugin_id])
    return under_way[0] if under_way else None
