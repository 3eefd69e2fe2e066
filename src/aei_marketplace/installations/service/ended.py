"""What can be done after an operation on a plugin has ended: take it back, or try it again."""

from dataclasses import dataclass

from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.operations.service import Operation, OperationState


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What may follow an operation.

    Attributes:
        removes: the installation that it made, unchanged since; it can be taken back.
        restores: what is kept of the installation that it ended; it can come back.
    """

    removes: Installation | None = None
    restores: Installation | None = None


async def find_aftermath(work: Work, operation: Operation) -> Aftermath:
    """What the actor can do about an operation that succeeded; nothing once something else happened."""
    plugin_id, tenant = operation.plugin_id, work.actor.tenant
    ended = operation.state is OperationState.SUCCEEDED
    if not ended or plugin_id is None or tenant is None or not work.actor.may("plugin.install"):
        return Aftermath()
    present = await store.find(work, tenant, plugin_id)
    if operation.kind == "install" and present is not None:
        # Both were written in one work: nobody changed the installation since.
        untouched = present.updated_at == operation.updated_at
        return Aftermath(removes=present if untouched else None)
    if operation.kind == "uninstall" and present is None:
        kept = await store.find_removed(work, tenant, plugin_id)
        return Aftermath(restores=kept if kept and kept.removed_at == operation.updated_at else None)
    return Aftermath()
