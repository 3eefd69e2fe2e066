"""What pages show beside published reviews: what their reader did with them, and can do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.reviews.errors import ReviewNotFound
from aei_marketplace.reviews.rules.views import Published, Reply
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


async def find_published(work: Work, review_id: UUID) -> Published:
    """A review as everybody reads it.

    Raises:
        ReviewNotFound: there is none that the actor may read.
    """
    review = await published.find(work, review_id)
    if review is None or not review.visible:
        raise ReviewNotFound(f"There is no review {review_id}.")
    return review


async def find_answered(work: Work, review_ids: Collection[UUID]) -> Mapping[UUID, Published]:
    """The reviews that replies answer, by id; for staff.

    Raises:
        NotAllowed: the actor does not moderate.
    """
    work.actor.require("review.moderate")
    return await published.find_several(work, review_ids)


async def find_reactions(work: Work, plugin_id: str, review_ids: Collection[UUID]) -> Reactions:
    """What the actor did with these reviews of a plugin, and can do; a visitor and staff only read them.

    Raises:
        PluginNotFound: there is none that the actor may see.
    """
    actor, plugin = work.actor, await catalog.find_plugin(work, plugin_id)
    if actor.tenant is None or actor.id is None or not actor.may("plugin.browse"):
        return Reactions()
    installed = actor.may("review.write") and await installations.installed_versions(work, plugin_id)
    return Reactions(
        helpful=await store.marked_by(work, actor.id, review_ids),
        reported=await store.reported_by(work, actor.id, review_ids),
        replies=await replies.of_publisher(work, actor.tenant, review_ids),
        marks=True,
        reports=bool(installed),
        answers=actor.may("plugin.publish") and plugin.owner_tenant == actor.tenant,
    )
