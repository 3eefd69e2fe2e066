"""What follows when advisories about packages change."""

from aei_marketplace.certification.events.advisories import AdvisoriesChanged
from aei_marketplace.certification.service import advisories
from aei_marketplace.ground.deps import Deps


async def recheck_releases(deps: Deps, event: AdvisoriesChanged, trace_id: str) -> None:
    """Hold what changed against the packages inside of every release."""
    await advisories.recheck_releases(deps.works, event.change_id, trace_id)
