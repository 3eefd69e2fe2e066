"""One truth for people who act in the same moment: what goes on with a plugin in their tenant."""

from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.service.fitting import KINDS
from aei_marketplace.installations.service.requested import Requested
from aei_marketplace.operations import service as operations
from aei_marketplace.operations.service import Operation

_VERBS = {"install": "is being installed", "update": "is being updated", "uninstall": "is being uninstalled"}


async def find_under_way(work: Work, plugin_id: str) -> Operation | None:
    """What somebody of the actor's tenant began with a plugin; until the work ends nobody begins anything.

    Raises:
        NotAllowed: the actor may not install.
    """
    work.actor.require("plugin.install")
    await store.hold(work, work.actor.in_tenant(), plugin_id)
    under_way = await operations.list_under_way(work, KINDS, [plugin_id])
    return under_way[0] if under_way else None


async def join(work: Work, kind: str, plugin_id: str) -> Requested | None:
    """The same that somebody began before, to be followed by whoever asks for it as well; else None.

    Who asked first decided version and grants: the answer says so.

    Raises:
        NotAllowed: the actor may not install.
    """
    running = await find_under_way(work, plugin_id)
    if running is None or running.kind != kind:
        return None
    told = f"{plugin_id} {_VERBS[kind]} already, as whoever asked first wanted it. This is that operation."
    return Requested(running, warnings=[told], joined=True)
