"""How reviews and replies stood before decisions that can still be taken back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import review_undos, reviews
from aei_marketplace.reviews.rules.views import Published, Reply, Review


@dataclass(frozen=True, slots=True)
class Undo:
    """One review, or the reply to it, before and at its decision.

    Attributes:
        before: the review or the reply as it stood.
        published: what everybody read of the review; None while nothing was approved, and for a reply.
        settled: the reports that the decision closed.
    """

    review_id: UUID
    decided_by: UUID
    decided_at: datetime
    before: Review | Reply
    published: Published | None
    settled: Sequence[UUID]


async def keep(work: Work, batch_id: UUID, undos: Sequence[Undo]) -> None:
    """Keep how these stood."""
    if undos:
        await work.run(
            insert(review_undos), [{**asdict(undo), "batch_id": batch_id, **_stored(undo)} for undo in undos]
        )


async def take(work: Work, batch_id: UUID) -> list[Undo]:
    """How what a batch decided stood, by id; it is kept no longer."""
    gone = delete(review_undos).where(review_undos.c.batch_id == batch_id).returning(review_undos)
    found = [_undo(row._mapping) for row in await work.run(gone)]
    return sorted(found, key=lambda undo: undo.review_id)


async def decider_of(work: Work, batch_id: UUID) -> tuple[UUID, datetime] | None:
    """Who decided a batch, and when; None when it is kept no longer. The batch stays until this work ends."""
    kept = review_undos.c
    wanted = select(kept.decided_by, kept.decided_at).where(kept.batch_id == batch_id).with_for_update()
    row = (await work.run(wanted.order_by(kept.review_id))).first()
    return None if row is None else (row.decided_by, row.decided_at)


async def forget(work: Work, before: datetime) -> None:
    """Forget what was decided before a moment."""
    await work.run(delete(review_undos).where(review_undos.c.decided_at < before))


async def forget_writer(work: Work, writer: UUID) -> None:
    """Forget how somebody's reviews stood."""
    theirs = select(reviews.c.id).where(reviews.c.writer_id == writer)
    await work.run(delete(review_undos).where(review_undos.c.review_id.in_(theirs)))


def _stored(undo: Undo) -> dict[str, Any]:
    return {
        "kind": "reply" if isinstance(undo.before, Reply) else "review",
        "before": msgspec.to_builtins(undo.before),
        "published": msgspec.to_builtins(undo.published),
        "settled": list(undo.settled),
    }


def _undo(row: Any) -> Undo:
    kind: type[Review] | type[Reply] = Reply if row["kind"] == "reply" else Review
    return Undo(
        row["review_id"],
        row["decided_by"],
        row["decided_at"],
        msgspec.convert(row["before"], kind),
        msgspec.convert(row["published"], Published | None),
        row["settled"],
    )
