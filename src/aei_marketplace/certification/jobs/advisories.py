"""What follows when advisories about packages change."""

from aei_marketplace.certification.events.advisories import AdvisoriesChanged, InventoryKept
from aei_marketplace.certification.service import advisories
from aei_marketplace.ground.deps import Deps


async def recheck_releases(deps: Deps, event: AdvisoriesChanged, trace_id: str) -> None:
    """Hold what changed against the packages inside of every release."""
    await advisories.recheck_releases(deps.works, event.change_id, trace_id)


async def match_again(deps: Deps, event: InventoryKept, trace_id: str) -> None:
    """Hold advisories that came while a release was scanned against what is inside of it."""
    await advisories.match_again(deps.works, event.release_id, trace_id)
