"""What was written about a plugin within some time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import review_flags, reviews
from aei_marketplace.reviews.rules.flags import FlagKind
from aei_marketplace.reviews.rules.views import ReviewState

#: So many are looked at to see whether new accounts come together.
_MOST_WRITERS = 1_000
_UNDECIDED = or_(
    reviews.c.waiting_since.is_not(None),
    and_(reviews.c.state == ReviewState.APPROVED, reviews.c.decided_at.is_(None)),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A review of somebody who has an account.

    Attributes:
        undecided: whether staff may still decide about it.
    """

    review_id: UUID
    writer_id: UUID
    created_at: datetime
    undecided: bool


async def newest_before(work: Work, plugin_id: str, before: datetime) -> datetime | None:
    """When the newest review of a plugin was written that came before a moment."""
    moment = reviews.c.created_at
    wanted = select(func.max(moment)).where(reviews.c.plugin_id == plugin_id, moment < before)
    newest: datetime | None = (await work.run(wanted)).scalar_one()
    return newest


async def written_between(work: Work, plugin_id: str, after: datetime, until: datetime) -> list[Written]:
    """What was written about a plugin after a moment, up to another: the last `_MOST_WRITERS` reviews."""
    kept = reviews.c
    wanted = select(kept.id, kept.writer_id, kept.created_at, _UNDECIDED.label("undecided"))
    wanted = wanted.where(*_between(plugin_id, after, until), kept.writer_id.is_not(None))
    rows = await work.run(wanted.order_by(kept.created_at.desc()).limit(_MOST_WRITERS))
    return [Written(row.id, row.writer_id, row.created_at, row.undecided) for row in rows]


async def unflagged_between(
    work: Work, plugin_id: str, after: datetime, until: datetime, kind: FlagKind
) -> list[UUID]:
    """Reviews of a plugin from that time that lack a flag, and that staff may still decide about."""
    flagged = exists().where(review_flags.c.review_id == reviews.c.id, review_flags.c.kind == kind)
    wanted = select(reviews.c.id).where(*_between(plugin_id, after, until), _UNDECIDED, ~flagged)
    return list((await work.run(wanted)).scalars())


def _between(plugin_id: str, after: datetime, until: datetime) -> list[ColumnElement[bool]]:
    return [
        reviews.c.plugin_id == plugin_id,
        reviews.c.created_at > after,
        reviews.c.created_at <= until,
    ]
