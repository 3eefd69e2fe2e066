"""Reactions and chores of the reports."""

from aei_marketplace.ground.deps import Deps
from aei_marketplace.reports import service
from aei_marketplace.reports.events import PluginReported


async def quarantine(deps: Deps, event: PluginReported, trace_id: str) -> None:
    """Make sure that a trusted reporter's word took effect, whatever became of the request."""
    if event.stops:
        await service.quarantine_reported(deps.works, event.report_id, event.owner_tenant, trace_id)


async def remove_for_good(deps: Deps) -> None:
    """Remove what was to be removed, once nobody can appeal."""
    await service.remove_for_good(deps.works)
