"""Reading reports: a tenant sees its own, staff see all with what the reporter's word weighs."""

from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work
from aei_marketplace.reports.errors import ReportNotFound
from aei_marketplace.reports.rules.filing import Report
from aei_marketplace.reports.rules.weight import Record
from aei_marketplace.reports.store import reports
from aei_marketplace.reports.store.reports import Selection


@dataclass(frozen=True, slots=True)
class Listed:
    """A report in a list.

    Attributes:
        record: how its reporter's decided reports came out; None unless staff ask.
    """

    report: Report
    record: Record | None


async def list_reports(
    work: Work,
    page: PageWanted,
    *,
    plugin_id: str | None = None,
    case_id: UUID | None = None,
    is_open: bool | None = None,
) -> Page:
    """Reports of the actor's tenant, or all of them for staff, the newest first.

    Raises:
        NotAllowed: the actor is of the staff and does not moderate.
        Invalid: the cursor is of another list.
    """
    _require_reader(work)
    wanted = Selection(work.actor.tenant, plugin_id, case_id, is_open)
    rows, total = await reports.find_page(work, wanted, page.position(as_id), page.limit)
    records = await _records(work, rows)
    listed = [Listed(report, records.get(report.reporter_id)) for report in rows]
    return page.page(listed, total, lambda item: str(item.report.id))


async def find_report(work: Work, report_id: UUID) -> Listed:
    """One report.

    Raises:
        NotAllowed: the actor is of the staff and does not moderate.
        ReportNotFound: there is none that the actor may see.
    """
    _require_reader(work)
    report = await reports.find(work, report_id)
    if report is None or work.actor.tenant not in (None, report.reporter_tenant):
        raise ReportNotFound(f"Your tenant made no report {report_id}.")
    return Listed(report, (await _records(work, [report])).get(report.reporter_id))


async def _records(work: Work, rows: list[Report]) -> dict[UUID, Record]:
    if not work.actor.staff or not rows:
        return {}
    return await reports.record_of(work, {report.reporter_id for report in rows})


def _require_reader(work: Work) -> None:
    work.actor.require("plugin.browse" if work.actor.tenant else "plugin.moderate")
