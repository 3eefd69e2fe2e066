"""Reviews as everybody reads them, the marks on them, and the ratings together."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import published_reviews, review_marks
from aei_marketplace.reviews.rules.rating import Counted
from aei_marketplace.reviews.rules.views import Published


@dataclass(frozen=True, slots=True)
class Selection:
    """Which reviews of a plugin are wanted; None stands for any."""

    plugin_id: str
    version: str | None = None
    rating: int | None = None


async def put(work: Work, review: Published) -> None:
    """Have everybody read a review; when it was first published and who found it helpful stay."""
    kept = {"helpful", "published_at"}
    values = asdict(review)
    new = insert(published_reviews).values(**values)
    changed = {name: value for name, value in values.items() if name not in kept}
    await work.run(new.on_conflict_do_update(index_elements=["review_id"], set_=changed))


async def show(work: Work, review_id: UUID, *, visible: bool) -> None:
    """Have a review read by everybody, or by nobody."""
    wanted = update(published_reviews).where(published_reviews.c.review_id == review_id)
    await work.run(wanted.values(visible=visible))


async def find(work: Work, review_id: UUID) -> Published | None:
    """A review as everybody reads it; hidden ones are found by their writers and staff."""
    row = (
        await work.run(select(published_reviews).where(published_reviews.c.review_id == review_id))
    ).first()
    return None if row is None else _published(row)


async def find_several(work: Work, review_ids: Collection[UUID]) -> dict[UUID, Published]:
    """Several of them, by id."""
    wanted = select(published_reviews).where(published_reviews.c.review_id.in_(review_ids))
    return {row.review_id: _published(row) for row in await work.run(wanted)}


async def find_page(
    work: Work, wanted: Selection, after: UUID | None, limit: int
) -> tuple[list[Published], int]:
    """A plugin's reviews, the newest first, one more than `limit` if there are more; how many."""
    chosen = _chosen(wanted)
    total = (await work.run(select(func.count()).select_from(published_reviews).where(*chosen))).scalar_one()
    page = select(published_reviews).where(*chosen).order_by(published_reviews.c.review_id.desc())
    rows = await work.run(
        (page if after is None else page.where(published_reviews.c.review_id < after)).limit(limit + 1)
    )
    return [_published(row) for row in rows], total


async def count_ratings(work: Work, plugin_id: str) -> list[Counted]:
    """The ratings that everybody reads, one of each writer: their newest."""
    shown = published_reviews.c
    writer = func.coalesce(shown.writer_id, shown.review_id)
    newest = (
        select(shown.version, shown.rating)
        .where(shown.plugin_id == plugin_id, shown.visible)
        .ext(distinct_on(writer))
        .order_by(writer, shown.review_id.desc())
        .subquery()
    )
    wanted = select(newest.c.version, newest.c.rating, func.count().label("count"))
    rows = await work.run(wanted.group_by(newest.c.version, newest.c.rating))
    return [Counted(**row._mapping) for row in rows]


async def mark(work: Work, review_id: UUID, user: UUID, tenant: UUID) -> bool:
    """Write down that somebody found a review helpful; False when they did before."""
    values = {"review_id": review_id, "user_id": user, "tenant_id": tenant, "marked_at": work.now}
    done = await work.run(insert(review_marks).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def unmark(work: Work, review_id: UUID, user: UUID) -> bool:
    """Take that back; False when they did not."""
    theirs = (review_marks.c.review_id == review_id, review_marks.c.user_id == user)
    return (await work.run(delete(review_marks).where(*theirs))).rowcount == 1


async def forget_writer(work: Work, writer: UUID, author: str) -> None:
    """Have nothing lead from somebody's reviews to them."""
    mine = update(published_reviews).where(published_reviews.c.writer_id == writer)
    await work.run(mine.values(writer_id=None, author=author))


def _chosen(wanted: Selection) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [
        published_reviews.c.plugin_id == wanted.plugin_id,
        published_reviews.c.visible,
    ]
    if wanted.version is not None:
        chosen.append(published_reviews.c.version == wanted.version)
    if wanted.rating is not None:
        chosen.append(published_reviews.c.rating == wanted.rating)
    return chosen


def _published(row: Row[Any]) -> Published:
    return Published(**row._mapping)
