"""Reviews as everybody reads them, and the marks on them."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import published_reviews, review_marks
from aei_marketplace.reviews.rules.views import Order, Published, Selection

_SHOWN = published_reviews.c
_READ = [column for column in _SHOWN if column.name != "superseded"]
#: By what each order sorts first, and whether downwards; the id, newest first, settles the rest.
_FIRST = {
    Order.HELPFUL: (_SHOWN.helpful, True),
    Order.HIGHEST: (_SHOWN.rating, True),
    Order.LOWEST: (_SHOWN.rating, False),
}


async def put(work: Work, review: Published) -> bool:
    """Have everybody read a review; when it was first published and who found it helpful stay.

    Words that everybody read before are not called edited because they are read again.

    Returns:
        Whether it had never been published.
    """
    kept = {"helpful", "published_at"}
    values = asdict(review)
    new = insert(published_reviews).values(**values)
    changed: dict[str, Any] = {name: value for name, value in values.items() if name not in kept}
    said = (_SHOWN.version, _SHOWN.rating, _SHOWN.text)
    same = and_(*(column == new.excluded[column.name] for column in said))
    changed["updated_at"] = case((same, _SHOWN.updated_at), else_=new.excluded.updated_at)
    put = new.on_conflict_do_update(index_elements=["review_id"], set_=changed)
    # A row that was there carries the id of the transaction that changes it.
    return bool((await work.run(put.returning(literal_column("xmax = 0")))).scalar_one())


async def show(work: Work, review_id: UUID, *, visible: bool) -> None:
    """Have a review read by everybody, or by nobody."""
    wanted = update(published_reviews).where(published_reviews.c.review_id == review_id)
    await work.run(wanted.values(visible=visible))


async def unpublish(work: Work, review_id: UUID) -> None:
    """Have a review never have been read: it goes with the marks on it; for staff."""
    await work.run(select(func.reviews_unpublish(review_id)))


async def find(work: Work, review_id: UUID) -> Published | None:
    """A review as everybody reads it; hidden ones are found by their writers and staff."""
    row = (await work.run(select(*_READ).where(published_reviews.c.review_id == review_id))).first()
    return None if row is None else _published(row)


async def find_several(work: Work, review_ids: Collection[UUID]) -> dict[UUID, Published]:
    """Several of them, by id."""
    wanted = select(*_READ).where(published_reviews.c.review_id.in_(review_ids))
    return {row.review_id: _published(row) for row in await work.run(wanted)}


async def find_page(
    work: Work, wanted: Selection, after: tuple[int | None, UUID] | None, limit: int
) -> list[Published]:
    """A plugin's reviews in the order that is wanted, one more than `limit` if there are more."""
    page = select(*_READ).where(*_chosen(wanted)).order_by(*_order(wanted.order)).limit(limit + 1)
    rows = await work.run(page if after is None else page.where(_behind(wanted.order, *after)))
    return [_published(row) for row in rows]


async def find_writers(
    work: Work, plugin_id: str, version: str, tenants: Collection[UUID], after: UUID | None, limit: int
) -> list[tuple[UUID, UUID]]:
    """Members of these tenants whose published reviews of a plugin are about other versions, by their id.

    Returns:
        Each with the tenant in which they wrote.
    """
    own = (_SHOWN.plugin_id == plugin_id, _SHOWN.visible, _SHOWN.tenant_id.in_(tenants))
    wanted = select(_SHOWN.writer_id, func.min(cast(_SHOWN.tenant_id, Text)).label("tenant")).where(*own)
    wanted = wanted.where(_SHOWN.writer_id.is_not(None)).group_by(_SHOWN.writer_id)
    wanted = wanted.having(func.bool_and(_SHOWN.version != version)).order_by(_SHOWN.writer_id).limit(limit)
    rows = await work.run(wanted if after is None else wanted.where(_SHOWN.writer_id > after))
    return [(row.writer_id, UUID(row.tenant)) for row in rows]


async def mark(work: Work, review_id: UUID, user: UUID, tenant: UUID) -> bool:
    """Write down that somebody found a review helpful; False when they did before."""
    values = {"review_id": review_id, "user_id": user, "tenant_id": tenant, "marked_at": work.now}
    done = await work.run(insert(review_marks).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def unmark(work: Work, review_id: UUID, user: UUID) -> bool:
    """Take that back; False when they did not."""
    theirs = (review_marks.c.review_id == review_id, review_marks.c.user_id == user)
    return (await work.run(delete(review_marks).where(*theirs))).rowcount == 1


async def marks_of(work: Work, user: UUID) -> list[tuple[UUID, datetime]]:
    """The reviews that somebody found helpful, with when, the latest first."""
    marks = review_marks.c
    wanted = select(marks.review_id, marks.marked_at).where(marks.user_id == user)
    return [(row.review_id, row.marked_at) for row in await work.run(wanted.order_by(marks.marked_at.desc()))]


async def forget_writer(work: Work, writer: UUID, author: str) -> None:
    """Have nothing lead from somebody's reviews to them; of each plugin the newest one goes on counting."""
    newer = published_reviews.alias()
    outdone = exists().where(
        newer.c.plugin_id == _SHOWN.plugin_id,
        newer.c.writer_id == writer,
        newer.c.visible,
        newer.c.review_id > _SHOWN.review_id,
    )
    await work.run(
        update(published_reviews).where(_SHOWN.writer_id == writer, outdone).values(superseded=True)
    )
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


def _order(order: Order) -> list[ColumnElement[Any]]:
    newest = _SHOWN.review_id.desc()
    if order not in _FIRST:
        return [newest]
    column, downwards = _FIRST[order]
    return [column.desc() if downwards else column.asc(), newest]


def _behind(order: Order, value: int | None, review_id: UUID) -> ColumnElement[bool]:
    later = _SHOWN.review_id < review_id
    if order not in _FIRST:
        return later
    column, downwards = _FIRST[order]
    reached = column <= value if downwards else column >= value
    return and_(reached, or_(column != value, later))


def _published(row: Row[Any]) -> Published:
    return Published(**row._mapping)
