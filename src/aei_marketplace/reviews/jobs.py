"""Reactions of the reviews."""

from aei_marketplace.ground.deps import Deps
from aei_marketplace.reviews import service
from aei_marketplace.reviews.events import ReportFiled, ReviewsChanged


async def rate_plugin(deps: Deps, event: ReviewsChanged, trace_id: str) -> None:
    """Bring the rating into the listing and the search."""
    await service.rate_plugin(deps.works, event.plugin_id, trace_id)


async def weigh_reports(deps: Deps, event: ReportFiled, trace_id: str) -> None:
    """See whether reports hide a review until staff decide."""
    await service.weigh_reports(deps.works, event.review_id, trace_id)
