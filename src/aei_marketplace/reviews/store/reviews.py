"""Reviews as their writers and the staff see them, with their history."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import review_flags, review_revisions, reviews
from aei_marketplace.reviews.rules.views import QueueOrder, QueueSelection, Review, ReviewState, Revision
from aei_marketplace.reviews.rules.writing import WriterRecord

_ALL_WAITING = text("select waiting, overdue, reported from reviews_count_waiting(:moment)")
_HOLD = text("select pg_advisory_xact_lock(hashtextextended('reviews ' || :writer, 0))")


async def hold_writer(work: Work, writer: UUID) -> None:
    """What one person writes and reports is taken one after the other, so that none escapes the count."""
    await work.run(_HOLD, {"writer": str(writer)})


async def add(work: Work, review: Review) -> bool:
    """Write a review down; False when its writer has one of this release."""
    done = await work.run(insert(reviews).values(**asdict(review)).on_conflict_do_nothing())
    return done.rowcount == 1


async def save(work: Work, review: Review) -> None:
    """Write a changed review."""
    await work.run(update(reviews).where(reviews.c.id == review.id).values(**asdict(review)))


async def save_due(work: Work, waiting: Sequence[Review]) -> None:
    """Write since when and until when reviews wait."""
    if waiting:
        mine = update(reviews).where(reviews.c.id == bindparam("review"))
        when = mine.values(waiting_since=bindparam("since"), due_at=bindparam("due"))
        rows = [{"review": one.id, "since": one.waiting_since, "due": one.due_at} for one in waiting]
        await work.run(when, rows)


async def move(work: Work, review: Review) -> bool:
    """Write a review that is about another release now; False when its writer has one of that release.

    They may have it in another tenant, where the actor does not see it.
    """
    try:
        async with work.connection.begin_nested():
            await save(work, review)
    except IntegrityError:
        return False
    return True


async def find(work: Work, review_id: UUID, *, hold: bool = False) -> Review | None:
    """A review that the actor wrote, or any for staff; with `hold` it stays until this work ends."""
    wanted = select(reviews).where(reviews.c.id == review_id)
    row = (await work.run(wanted.with_for_update() if hold else wanted)).first()
    return None if row is None else _review(row)


async def has_review_of(work: Work, writer: UUID, release_id: UUID) -> bool:
    """Whether somebody has a review of a release."""
    wanted = select(reviews.c.id).where(reviews.c.writer_id == writer, reviews.c.release_id == release_id)
    return (await work.run(wanted)).first() is not None


async def keep_revision(work: Work, review: Review) -> None:
    """Keep what a review says now in its history."""
    values = {
        "review_id": review.id,
        "revision": review.revision,
        "version": review.version,
        "rating": review.rating,
        "text": review.text,
        "written_at": work.now,
    }
    await work.run(insert(review_revisions).values(**values))


async def histories(work: Work, review_ids: Collection[UUID]) -> dict[UUID, list[Revision]]:
    """What reviews have said, by review, the newest first."""
    kept = review_revisions.c
    wanted = select(review_revisions).where(kept.review_id.in_(review_ids)).order_by(kept.revision.desc())
    found: dict[UUID, list[Revision]] = {}
    for row in await work.run(wanted):
        revision = Revision(row.revision, row.version, row.rating, row.text, row.written_at)
        found.setdefault(row.review_id, []).append(revision)
    return found


async def recent(work: Work, writer: UUID, since: datetime) -> list[datetime]:
    """When somebody wrote since a moment, the newest first."""
    moment = review_revisions.c.written_at
    wanted = select(moment).join(reviews, reviews.c.id == review_revisions.c.review_id)
    rows = await work.run(wanted.where(reviews.c.writer_id == writer, moment > since).order_by(moment.desc()))
    return list(rows.scalars())


async def record_of(work: Work, writers: Collection[UUID]) -> dict[UUID, WriterRecord]:
    """How the reviews of each of these people stand."""
    wanted = select(
        reviews.c.writer_id,
        *(
            func.count().filter(reviews.c.state == state).label(str(state))
            for state in (ReviewState.APPROVED, ReviewState.REJECTED, ReviewState.HIDDEN)
        ),
    ).where(reviews.c.writer_id.in_(writers))
    rows = (await work.run(wanted.group_by(reviews.c.writer_id))).all()
    found = {row.writer_id: WriterRecord(row.approved, row.rejected, row.hidden) for row in rows}
    return {writer: found.get(writer, WriterRecord(0, 0, 0)) for writer in writers}


async def find_several(work: Work, review_ids: Collection[UUID]) -> dict[UUID, Review]:
    """Several reviews, by id."""
    rows = await work.run(select(reviews).where(reviews.c.id.in_(review_ids)))
    return {row.id: _review(row) for row in rows}


async def hold_several(work: Work, review_ids: Collection[UUID]) -> dict[UUID, Review]:
    """Several reviews, held until this work ends; in one order, so that two never wait for each other."""
    wanted = select(reviews).where(reviews.c.id.in_(review_ids)).order_by(reviews.c.id).with_for_update()
    return {row.id: _review(row) for row in await work.run(wanted)}


async def find_waiting(
    work: Work, wanted: QueueSelection, after: tuple[datetime, UUID] | None, limit: int
) -> list[Review]:
    """Reviews that wait for staff, in the order that is wanted, one more than `limit` if there are more."""
    flagged = wanted.flag is not None
    waits, id = (review_flags.c, review_flags.c.review_id) if flagged else (reviews.c, reviews.c.id)
    first = waits.due_at if wanted.order is QueueOrder.DUE else waits.waiting_since
    page = _queued(select(reviews), wanted).order_by(first, id).limit(limit + 1)
    behind = tuple_(first, id) > tuple_(*after) if after else None
    rows = await work.run(page if behind is None else page.where(behind))
    return [_review(row) for row in rows]


async def count_waiting(work: Work, wanted: QueueSelection) -> int:
    """How many of them there are."""
    return int((await work.run(_queued(select(func.count()).select_from(reviews), wanted))).scalar_one())


async def count_all_waiting(work: Work) -> tuple[int, int, int]:
    """How many wait for staff, how many of them should have been decided by now, how many were reported."""
    row = (await work.run(_ALL_WAITING, {"moment": work.now})).one()
    return row.waiting, row.overdue, row.reported


async def of_plugin(work: Work, writer: UUID, plugin_id: str) -> list[Review]:
    """Somebody's reviews of a plugin, the newest first."""
    mine = (reviews.c.writer_id == writer, reviews.c.plugin_id == plugin_id)
    return [
        _review(row) for row in await work.run(select(reviews).where(*mine).order_by(reviews.c.id.desc()))
    ]


async def all_of(work: Work, writer: UUID) -> list[Review]:
    """All reviews of somebody, the newest first."""
    wanted = select(reviews).where(reviews.c.writer_id == writer).order_by(reviews.c.id.desc())
    return [_review(row) for row in await work.run(wanted)]


async def find_of(work: Work, writer: UUID, after: UUID | None, limit: int) -> tuple[list[Review], int]:
    """Somebody's reviews, the newest first, one more than `limit` if there are more; how many."""
    mine = reviews.c.writer_id == writer
    total = (await work.run(select(func.count()).select_from(reviews).where(mine))).scalar_one()
    page = select(reviews).where(mine).order_by(reviews.c.id.desc()).limit(limit + 1)
    rows = await work.run(page if after is None else page.where(reviews.c.id < after))
    return [_review(row) for row in rows], total


async def count_between(work: Work, plugin_id: str, after: datetime, until: datetime) -> int:
    """How many reviews of a plugin were written after a moment, up to another."""
    written = (reviews.c.plugin_id == plugin_id, reviews.c.created_at > after, reviews.c.created_at <= until)
    return int((await work.run(select(func.count()).select_from(reviews).where(*written))).scalar_one())


async def forget_writer(work: Work, writer: UUID, author: str) -> None:
    """Have nothing lead from somebody's reviews to them; what the reviews said before goes."""
    mine = select(reviews.c.id).where(reviews.c.writer_id == writer)
    await work.run(delete(review_revisions).where(review_revisions.c.review_id.in_(mine)))
    await work.run(
        update(reviews)
        .where(reviews.c.writer_id == writer)
        .values(writer_id=None, author=author, appeal_words=None)
    )


def _queued(query: Select[Any], wanted: QueueSelection) -> Select[Any]:
    """A query over reviews with what is wanted of the queue; flags know which of theirs wait."""
    if wanted.flag is None:
        query = query.where(reviews.c.waiting_since.is_not(None))
    else:
        query = query.join(review_flags, review_flags.c.review_id == reviews.c.id)
        query = query.where(review_flags.c.kind == wanted.flag, review_flags.c.waiting_since.is_not(None))
    if wanted.plugin_id is not None:
        query = query.where(reviews.c.plugin_id == wanted.plugin_id)
    if wanted.reported is not None:
        query = query.where(reviews.c.reports > 0 if wanted.reported else reviews.c.reports == 0)
    return query


def _review(row: Row[Any]) -> Review:
    return Review(**{**row._mapping, "state": ReviewState(row.state)})
