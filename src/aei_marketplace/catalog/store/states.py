"""States of releases: the present one, all before it, and what staff decided of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, literal, select, update

from aei_marketplace.catalog.models import release_states, releases
from aei_marketplace.catalog.rules.states import Change, ReleaseState
from aei_marketplace.ground.work import Work


async def bound_of(work: Work, release_id: UUID) -> ReleaseState | None:
    """What staff decided of a release that binds its publisher; None when nothing does."""
    wanted = select(release_states.c.bound).where(release_states.c.release_id == release_id)
    return _bound((await work.run(wanted.order_by(release_states.c.position.desc()).limit(1))).scalar())


async def bound_before(work: Work, release_id: UUID, change: Change) -> ReleaseState | None:
    """What bound it when it was last as a change would have it again."""
    wanted = select(release_states.c.bound).where(
        release_states.c.release_id == release_id,
        release_states.c.state == change.state,
        release_states.c.reason.is_not_distinct_from(change.reason),
        release_states.c.replacement.is_not_distinct_from(change.replacement),
    )
    return _bound((await work.run(wanted.order_by(release_states.c.position.desc()).limit(1))).scalar())


async def save_state(work: Work, release_id: UUID, change: Change, bound: ReleaseState | None = None) -> None:
    """Move a release to another state, and remember that and what binds its publisher from now on."""
    listed = func.coalesce(releases.c.listed_at, work.now)
    values: dict[str, Any] = {
        "state": change.state,
        "state_reason": change.reason,
        "replacement": change.replacement,
        "state_changed_at": work.now,
    }
    if change.state is ReleaseState.LISTED:
        values["listed_at"] = listed
    await work.run(update(releases).where(releases.c.id == release_id).values(**values))
    await remember(work, release_id, change, bound)


async def remember(work: Work, release_id: UUID, change: Change, bound: ReleaseState | None = None) -> None:
    """Add a change to what was."""
    position = select(func.count()).where(release_states.c.release_id == release_id)
    columns = ["release_id", "position", "state", "reason", "replacement", "actor_id", "at", "bound"]
    row = select(
        literal(release_id),
        position.scalar_subquery(),
        literal(str(change.state)),
        literal(change.reason, release_states.c.reason.type),
        literal(change.replacement, release_states.c.replacement.type),
        literal(work.actor.id, release_states.c.actor_id.type),
        literal(work.now),
        literal(bound, release_states.c.bound.type),
    )
    await work.run(insert(release_states).from_select(columns, row))


def _bound(found: str | None) -> ReleaseState | None:
    return None if found is None else ReleaseState(found)
