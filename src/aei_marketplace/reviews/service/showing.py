"""What pages show beside published reviews: what their reader did with them, and can do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from aei_marketplace.catalog.service import PluginView
from aei_marketplace.ground.paging import Page, PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.reviews.errors import ReviewNotFound
from aei_marketplace.reviews.rules.rating import Rating
from aei_marketplace.reviews.rules.views import Published, Reply, Selection
from aei_marketplace.reviews.service.reading import (
    Standing,
    list_of_found,
    rating_of_found,
    standing_with,
)
from aei_marketplace.reviews.store import published, replies
from aei_marketplace.reviews.store import showing as store


@dataclass(frozen=True, slots=True)
class Reactions:
    """What a reader did with some reviews of a plugin, and can do.

    Attributes:
        helpful, reported: which of them they found helpful, and which they complained about.
        replies: what their tenant replied as the publisher, decided or not, by review.
        marks, reports, answers: whether they can find one helpful, complain about one, and reply to one.
    """

    helpful: frozenset[UUID] = frozenset()
    reported: frozenset[UUID] = frozenset()
    replies: Mapping[UUID, Reply] = field(default_factory=dict)
    marks: bool = False
    reports: bool = False
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """The reviews of a plugin as one reader sees them.

    Attributes:
        listed: a page of `Listed`.
        rating: what all of them come to.
        standing: what the reader said, and can say.
    """

    listed: Page
    rating: Rating
    standing: Standing
    reactions: Reactions


async def find_published(work: Work, review_id: UUID) -> Published:
    """A review as everybody reads it.

    Raises:
        ReviewNotFound: there is none that the actor may read.
    """
    review = await published.find(work, review_id)
    if review is None or not review.visible:
        raise ReviewNotFound(f"There is no review {review_id}.")
    return review


async def read_reviews(work: Work, plugin: PluginView, wanted: Selection, page: PageWanted) -> Shown:
    """Everything that the page of a plugin shows of its reviews, in as few statements as that takes.

    Args:
        plugin: as it was found in this work.

    Raises:
        Invalid: the cursor is of another list.
    """
    listed = await list_of_found(work, wanted, page)
    return Shown(
        listed=listed,
        rating=await rating_of_found(work, plugin.id),
        standing=await standing_with(work, plugin),
        reactions=await find_reactions(work, plugin, [item.review.review_id for item in listed.items]),
    )


async def find_reactions(work: Work, plugin: PluginView, review_ids: Collection[UUID]) -> Reactions:
    """What the actor did with these reviews of a plugin, and can do; a visitor and staff only read them."""
    actor = work.actor
    if actor.tenant is None or actor.id is None or not actor.may("plugin.browse"):
        return Reactions()
    installed = actor.may("review.write") and await installations.installed_versions(work, plugin.id)
    return Reactions(
        helpful=await store.marked_by(work, actor.id, review_ids),
        reported=await store.reported_by(work, actor.id, review_ids),
        replies=await replies.of_publisher(work, actor.tenant, review_ids),
        marks=True,
        reports=bool(installed),
        answers=actor.may("plugin.publish") and plugin.owner_tenant == actor.tenant,
    )
