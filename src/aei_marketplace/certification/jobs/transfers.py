"""What follows when a namespace has another owner."""

from aei_marketplace.catalog.events import NamespaceTransferred
from aei_marketplace.certification.service import handing_over
from aei_marketplace.ground.deps import Deps


async def leave_to_successor(deps: Deps, event: NamespaceTransferred, trace_id: str) -> None:
    """Let requests follow their plugins to the new owner, and withdraw those that nobody has decided."""
    await handing_over.leave_to_successor(deps.works, event.namespace, event.from_tenant, trace_id)
