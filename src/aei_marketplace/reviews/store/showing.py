"""What one reader did with the reviews that a page shows."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import review_marks, review_reports


async def marked_by(work: Work, reader: UUID, review_ids: Collection[UUID]) -> frozenset[UUID]:
    """Which of these reviews somebody found helpful."""
    theirs = (review_marks.c.user_id == reader, review_marks.c.review_id.in_(review_ids))
    return frozenset((await work.run(select(review_marks.c.review_id).where(*theirs))).scalars())


async def reported_by(work: Work, reader: UUID, review_ids: Collection[UUID]) -> frozenset[UUID]:
    """Which of these reviews somebody reported."""
    theirs = (review_reports.c.reporter_id == reader, review_reports.c.review_id.in_(review_ids))
    return frozenset((await work.run(select(review_reports.c.review_id).where(*theirs))).scalars())
