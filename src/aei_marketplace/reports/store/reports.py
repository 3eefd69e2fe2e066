"""Reports: who said what about which plugin, and what came of it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from aei_marketplace.ground.work import Work
from aei_marketplace.reports.models import reports
from aei_marketplace.reports.rules.filing import Outcome, Report, ReportKind
from aei_marketplace.reports.rules.weight import Record

_HOLD = text("select pg_advisory_xact_lock(hashtextextended('reports ' || :reporter, 0))")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which reports are wanted; None stands for any."""

    tenant: UUID | None = None
    plugin_id: str | None = None
    case_id: UUID | None = None
    is_open: bool | None = None


async def hold_reporter(work: Work, reporter: UUID) -> None:
    """One person's reports are taken one after the other, so that none escapes the count."""
    await work.run(_HOLD, {"reporter": str(reporter)})


async def add(work: Work, report: Report) -> bool:
    """Write a report down; False when its reporter has an open one about the plugin."""
    done = await work.run(insert_or_skip(reports).values(**asdict(report)).on_conflict_do_nothing())
    return done.rowcount == 1


async def recent(work: Work, reporter: UUID, since: datetime) -> list[datetime]:
    """When somebody reported since a moment, the newest first."""
    wanted = select(reports.c.created_at).where(
        reports.c.reporter_id == reporter, reports.c.created_at > since
    )
    return list((await work.run(wanted.order_by(reports.c.created_at.desc()))).scalars())


async def record_of(work: Work, reporters: Collection[UUID]) -> dict[UUID, Record]:
    """How the decided reports of each of these people came out."""
    wanted = select(
        reports.c.reporter_id,
        func.count().filter(reports.c.outcome == Outcome.UPHELD).label("upheld"),
        func.count().filter(reports.c.outcome == Outcome.DISMISSED).label("dismissed"),
    )
    mine = reports.c.reporter_id.in_(reporters)
    rows = (await work.run(wanted.where(mine).group_by(reports.c.reporter_id))).all()
    found = {row.reporter_id: Record(row.upheld, row.dismissed) for row in rows}
    return {reporter: found.get(reporter, Record(0, 0)) for reporter in reporters}


async def find(work: Work, report_id: UUID, *, hold: bool = False) -> Report | None:
    """A report that the actor may see; with `hold` its outcome stays until this work ends."""
    wanted = select(reports).where(reports.c.id == report_id)
    row = (await work.run(wanted.with_for_update() if hold else wanted)).first()
    return None if row is None else _report(row)


async def of_case(work: Work, case_id: UUID) -> list[Report]:
    """The reports of a case, the oldest first; their outcome stays until this work ends."""
    wanted = select(reports).where(reports.c.case_id == case_id).order_by(reports.c.id)
    return [_report(row) for row in (await work.run(wanted.with_for_update())).all()]


async def settle(work: Work, case_id: UUID, outcome: Outcome) -> None:
    """Say of all reports of a case what came of them."""
    await work.run(update(reports).where(reports.c.case_id == case_id).values(outcome=outcome))


async def find_page(
    work: Work, wanted: Selection, after: UUID | None, limit: int
) -> tuple[list[Report], int]:
    """Reports, the newest first, one more than `limit` if there are more; and how many there are."""
    chosen = _chosen(wanted)
    total = (await work.run(select(func.count()).select_from(reports).where(*chosen))).scalar_one()
    page = select(reports).where(*chosen).order_by(reports.c.id.desc()).limit(limit + 1)
    rows: Sequence[Row[Any]] = (
        await work.run(page if after is None else page.where(reports.c.id < after))
    ).all()
    return [_report(row) for row in rows], total


def _chosen(wanted: Selection) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if wanted.tenant is not None:
        chosen.append(reports.c.reporter_tenant == wanted.tenant)
    if wanted.plugin_id is not None:
        chosen.append(reports.c.plugin_id == wanted.plugin_id)
    if wanted.case_id is not None:
        chosen.append(reports.c.case_id == wanted.case_id)
    if wanted.is_open is not None:
        chosen.append(reports.c.outcome.is_(None) if wanted.is_open else reports.c.outcome.is_not(None))
    return chosen


def _report(row: Row[Any]) -> Report:
    fields = dict(row._mapping)
    fields["kind"] = ReportKind(row.kind)
    fields["outcome"] = None if row.outcome is None else Outcome(row.outcome)
    return Report(**fields)
