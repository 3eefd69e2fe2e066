"""Reactions of the reviews."""

from aei_marketplace.ground.deps import Deps
from aei_marketplace.reviews import service
from aei_marketplace.reviews.events import ReportFiled, ReviewsChanged, ReviewWritten


async def rate_plugin(deps: Deps, event: ReviewsChanged, trace_id: str) -> None:
    """Bring the rating into the listing and the search."""
    await service.rate_plugin(deps.works, event.plugin_id, trace_id)


async def weigh_reports(deps: Deps, event: ReportFiled, trace_id: str) -> None:
    """See whether reports hide a review until staff decide."""
    await service.weigh_reports(deps.works, event.review_id, trace_id)


async def examine(deps: Deps, event: ReviewWritten, trace_id: str) -> None:
    """Look at what was written before staff do."""
    await service.examine(deps.works, event.review_id, trace_id)


async def forget_undos(deps: Deps) -> None:
    """Forget how reviews stood before decisions that can no longer be taken back."""
    await service.forget_undos(deps.works)
