"""Publishers' replies to reviews."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import review_replies
from aei_marketplace.reviews.rules.views import Reply, ReviewState

_PENDING = review_replies.c.state == ReviewState.PENDING


async def put(work: Work, reply: Reply) -> bool:
    """Write a reply down, in the place of one that was turned down; False when there is another."""
    values = asdict(reply)
    new = insert(review_replies).values(**values)
    again = new.on_conflict_do_update(
        index_elements=["review_id"],
        set_=values,
        where=review_replies.c.state == ReviewState.REJECTED,
    )
    return (await work.run(again)).rowcount == 1


async def save(work: Work, reply: Reply) -> None:
    """Write a decided reply."""
    changed = update(review_replies).where(review_replies.c.review_id == reply.review_id)
    await work.run(changed.values(**asdict(reply)))


async def find(work: Work, review_id: UUID, *, hold: bool = False) -> Reply | None:
    """The reply to a review, if the actor may see it; with `hold` it stays until this work ends."""
    wanted = select(review_replies).where(review_replies.c.review_id == review_id)
    row = (await work.run(wanted.with_for_update() if hold else wanted)).first()
    return None if row is None else _reply(row)


async def hold_several(work: Work, review_ids: Collection[UUID]) -> dict[UUID, Reply]:
    """The replies to several reviews, held until this work ends; in one order, as reviews are."""
    wanted = select(review_replies).where(review_replies.c.review_id.in_(review_ids))
    held = wanted.order_by(review_replies.c.review_id).with_for_update()
    return {row.review_id: _reply(row) for row in await work.run(held)}


async def approved_of(work: Work, review_ids: Collection[UUID]) -> dict[UUID, Reply]:
    """The replies that everybody reads, by review."""
    wanted = select(review_replies).where(
        review_replies.c.review_id.in_(review_ids), review_replies.c.state == ReviewState.APPROVED
    )
    return {row.review_id: _reply(row) for row in await work.run(wanted)}


async def of_publisher(work: Work, tenant: UUID, review_ids: Collection[UUID]) -> dict[UUID, Reply]:
    """What a publisher's tenant replied to these reviews, decided or not, by review."""
    theirs = (review_replies.c.tenant_id == tenant, review_replies.c.review_id.in_(review_ids))
    return {row.review_id: _reply(row) for row in await work.run(select(review_replies).where(*theirs))}


async def find_waiting(work: Work, after: UUID | None, limit: int) -> tuple[list[Reply], int]:
    """Replies that wait for staff, by review, one more than `limit` if there are more; how many."""
    total = (await work.run(select(func.count()).select_from(review_replies).where(_PENDING))).scalar_one()
    page = select(review_replies).where(_PENDING).order_by(review_replies.c.review_id).limit(limit + 1)
    rows = await work.run(page if after is None else page.where(review_replies.c.review_id > after))
    return [_reply(row) for row in rows], total


def _reply(row: Row[Any]) -> Reply:
    return Reply(**{**row._mapping, "state": ReviewState(row.state)})
