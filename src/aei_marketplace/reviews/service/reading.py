"""Reading reviews: everybody what was published, writers their own, staff what waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.paging import Page, PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.errors import ReviewNotFound
from aei_marketplace.reviews.rules.rating import Rating, rate
from aei_marketplace.reviews.rules.reporting import Report
from aei_marketplace.reviews.rules.views import Published, Reply, Review, Revision, position_of
from aei_marketplace.reviews.rules.writing import WriterRecord
from aei_marketplace.reviews.store import published, replies, reports, reviews
from aei_marketplace.reviews.store.published import Selection


@dataclass(frozen=True, slots=True)
class Listed:
    """A review as everybody reads it.

    Attributes:
        reply: the publisher's, if it was approved.
    """

    review: Published
    reply: Reply | None


@dataclass(frozen=True, slots=True)
class OwnReview:
    """A review as its writer sees it.

    Attributes:
        published: what of it everybody reads; None while nothing was approved.
        history: what it said, the newest first.
    """

    review: Review
    published: Published | None
    history: Sequence[Revision]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A review that waits for staff.

    Attributes:
        published: what of it everybody reads; None while nothing was approved.
        record: how the writer's reviews stand; None when their account was erased.
        reports: those that wait for a decision.
    """

    review: Review
    published: Published | None
    record: WriterRecord | None
    reports: Sequence[Report]


async def list_reviews(work: Work, wanted: Selection, page: PageWanted) -> Page:
    """A plugin's published reviews as `Listed`, the newest first.

    Raises:
        PluginNotFound: there is none that the actor may see.
        Invalid: the cursor is of another list.
    """
    await catalog.find_plugin(work, wanted.plugin_id)
    rows, total = await published.find_page(work, wanted, position_of(page), page.limit)
    answers = await replies.approved_of(work, [row.review_id for row in rows])
    listed = [Listed(row, answers.get(row.review_id)) for row in rows]
    return page.page(listed, total, lambda item: str(item.review.review_id))


async def find_rating(work: Work, plugin_id: str) -> Rating:
    """What the published ratings of a plugin come to.

    Raises:
        PluginNotFound: there is none that the actor may see.
    """
    await catalog.find_plugin(work, plugin_id)
    return rate(await published.count_ratings(work, plugin_id))


async def list_own(work: Work, page: PageWanted) -> Page:
    """The actor's own reviews in their tenant with all that was written, the newest first.

    Raises:
        NotAllowed: the actor does not browse, or acts in no tenant.
        Invalid: the cursor is of another list.
    """
    work.actor.require("plugin.browse")
    work.actor.in_tenant()
    writer = work.actor.id
    assert writer is not None, "who holds an action of a tenant has an account"
    rows, total = await reviews.find_of(work, writer, position_of(page), page.limit)
    return page.page(await _own(work, rows), total, lambda item: str(item.review.id))


async def find_review(work: Work, review_id: UUID) -> OwnReview:
    """A review with its history, for its writer and for moderators.

    Raises:
        NotAllowed: the actor neither browses for a tenant nor moderates.
        ReviewNotFound: there is none that the actor may see so.
    """
    work.actor.require("plugin.browse" if work.actor.tenant else "review.moderate")
    review = await reviews.find(work, review_id)
    if review is None or (work.actor.tenant and review.writer_id != work.actor.id):
        raise ReviewNotFound(f"There is no review {review_id} of yours.")
    return (await _own(work, [review]))[0]


async def list_waiting(work: Work, page: PageWanted) -> Page:
    """The reviews that wait for staff as `Waiting`, the oldest first.

    Raises:
        NotAllowed: the actor does not moderate.
        Invalid: the cursor is of another list.
    """
    work.actor.require("review.moderate")
    rows, total = await reviews.find_waiting(work, position_of(page), page.limit)
    ids = [row.id for row in rows]
    shown, filed = await published.find_several(work, ids), await reports.open_of(work, ids)
    records = await reviews.record_of(work, {row.writer_id for row in rows if row.writer_id})
    waiting = [
        Waiting(
            review=row,
            published=shown.get(row.id),
            record=records.get(row.writer_id) if row.writer_id else None,
            reports=[report for report in filed if report.review_id == row.id],
        )
        for row in rows
    ]
    return page.page(waiting, total, lambda item: str(item.review.id))


async def list_waiting_replies(work: Work, page: PageWanted) -> Page:
    """The publishers' replies that wait for staff.

    Raises:
        NotAllowed: the actor does not moderate.
        Invalid: the cursor is of another list.
    """
    work.actor.require("review.moderate")
    rows, total = await replies.find_waiting(work, position_of(page), page.limit)
    return page.page(rows, total, lambda reply: str(reply.review_id))


async def _own(work: Work, rows: Sequence[Review]) -> list[OwnReview]:
    ids = [row.id for row in rows]
    shown, said = await published.find_several(work, ids), await reviews.histories(work, ids)
    return [OwnReview(row, shown.get(row.id), said.get(row.id, [])) for row in rows]
