"""Complaints about reviews."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reports.rules.weight import Record
from aei_marketplace.reviews.models import review_reports
from aei_marketplace.reviews.rules.reporting import Report, ReportKind

_OPEN = review_reports.c.outcome.is_(None)


async def add(work: Work, report: Report) -> bool:
    """Write a report down; False when its reporter has one about the review."""
    done = await work.run(insert(review_reports).values(**asdict(report)).on_conflict_do_nothing())
    return done.rowcount == 1


async def recent(work: Work, reporter: UUID, since: datetime) -> list[datetime]:
    """When somebody reported since a moment, the newest first."""
    moment = review_reports.c.created_at
    wanted = select(moment).where(review_reports.c.reporter_id == reporter, moment > since)
    return list((await work.run(wanted.order_by(moment.desc()))).scalars())


async def open_of(work: Work, review_ids: Collection[UUID]) -> list[Report]:
    """The reports about these reviews that wait for a decision, the oldest first."""
    wanted = select(review_reports).where(review_reports.c.review_id.in_(review_ids), _OPEN)
    return [_report(row) for row in await work.run(wanted.order_by(review_reports.c.id))]


async def all_of(work: Work, reporter: UUID) -> list[Report]:
    """All reports of somebody, the newest first."""
    wanted = select(review_reports).where(review_reports.c.reporter_id == reporter)
    return [_report(row) for row in await work.run(wanted.order_by(review_reports.c.created_at.desc()))]


async def record_of(work: Work, reporters: Collection[UUID]) -> dict[UUID, Record]:
    """How the decided reports of each of these people came out."""
    reporter, outcome = review_reports.c.reporter_id, review_reports.c.outcome
    wanted = select(
        reporter,
        func.count().filter(outcome == "upheld").label("upheld"),
        func.count().filter(outcome == "dismissed").label("dismissed"),
    )
    rows = (await work.run(wanted.where(reporter.in_(reporters)).group_by(reporter))).all()
    found = {row.reporter_id: Record(row.upheld, row.dismissed) for row in rows}
    return {one: found.get(one, Record(0, 0)) for one in reporters}


async def settle(work: Work, review_id: UUID, outcome: str) -> list[UUID]:
    """Say of the open reports about a review what came of them; which ones."""
    theirs = update(review_reports).where(review_reports.c.review_id == review_id, _OPEN)
    settled = await work.run(theirs.values(outcome=outcome).returning(review_reports.c.id))
    return list(settled.scalars())


async def reopen(work: Work, report_ids: Collection[UUID]) -> None:
    """Have reports wait for a decision again."""
    theirs = update(review_reports).where(review_reports.c.id.in_(report_ids))
    await work.run(theirs.values(outcome=None))


async def overturn(work: Work, review_id: UUID, since: datetime) -> None:
    """Dismiss the reports about a review that were upheld, those that were filed since a moment."""
    filed = review_reports.c
    theirs = (filed.review_id == review_id, filed.outcome == "upheld", filed.created_at >= since)
    await work.run(update(review_reports).where(*theirs).values(outcome="dismissed"))


async def forget_reporter(work: Work, reporter: UUID) -> None:
    """Forget what somebody said in their reports; that they were right or wrong stays."""
    theirs = update(review_reports).where(review_reports.c.reporter_id == reporter)
    await work.run(theirs.values(note=""))


def _report(row: Row[Any]) -> Report:
    return Report(**{**row._mapping, "kind": ReportKind(row.kind)})
