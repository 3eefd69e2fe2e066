"""Having everybody read a review, and no longer."""

from collections.abc import Iterable

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.events import ReviewPublished, ReviewsChanged
from aei_marketplace.reviews.rules.views import Published, Review
from aei_marketplace.reviews.store import published as store


async def publish(work: Work, review: Review) -> None:
    """Have everybody read what a review says now; the work that decides so tells of the change."""
    first = await store.put(
        work,
        Published(
            review_id=review.id,
            plugin_id=review.plugin_id,
            version=review.version,
            writer_id=review.writer_id,
            tenant_id=review.tenant_id,
            author=review.author,
            rating=review.rating,
            text=review.text,
            executions=review.executions,
            helpful=0,
            visible=True,
            published_at=work.now,
            updated_at=work.now,
        ),
    )
    if first:
        work.emit(ReviewPublished(review.id, review.plugin_id, review.version, review.rating))


async def take_back(work: Work, review: Review) -> None:
    """Have nobody read a review; what was published is kept, and can be shown again."""
    await store.show(work, review.id, visible=False)


def tell_of_change(work: Work, plugin_ids: Iterable[str]) -> None:
    """Have the ratings of these plugins counted anew: what everybody reads about them has changed."""
    for plugin_id in sorted(set(plugin_ids)):
        work.emit(ReviewsChanged(plugin_id))
