"""What cases have done to releases, so that it can be undone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.rules.states import Change, ReleaseState
from aei_marketplace.ground.work import Work
from aei_marketplace.reports.models import report_stops
from aei_marketplace.reports.rules.verdicts import Stop


async def keep(work: Work, case_id: UUID, stop: Stop) -> None:
    """Remember what a case did to a release; where it stood before the first time stays."""
    moved = {"moved_at": stop.moved_at, "remove_after": stop.remove_after}
    new = insert(report_stops).values(
        case_id=case_id,
        release_id=stop.release_id,
        state_before=stop.before.state,
        reason_before=stop.before.reason,
        replacement_before=stop.before.replacement,
        **moved,
    )
    await work.run(new.on_conflict_do_update(index_elements=["case_id", "release_id"], set_=moved))


async def of_case(work: Work, case_id: UUID) -> dict[UUID, Stop]:
    """What a case did, by release."""
    rows = (await work.run(select(report_stops).where(report_stops.c.case_id == case_id))).all()
    return {row.release_id: _stop(row) for row in rows}


async def due_removals(work: Work) -> Sequence[UUID]:
    """Cases whose removals have waited long enough."""
    due = report_stops.c.remove_after <= work.now
    return (await work.run(select(report_stops.c.case_id).where(due).distinct().limit(100))).scalars().all()


async def plan_removal(
    work: Work, case_id: UUID, release_ids: Iterable[UUID], after: datetime | None
) -> None:
    """Have releases removed after a moment; None calls it off."""
    theirs = report_stops.c.release_id.in_(list(release_ids))
    wanted = update(report_stops).where(report_stops.c.case_id == case_id, theirs)
    await work.run(wanted.values(remove_after=after))


def _stop(row: Row[Any]) -> Stop:
    before = Change(ReleaseState(row.state_before), row.reason_before, row.replacement_before)
    return Stop(row.release_id, before, row.moved_at, row.remove_after)
