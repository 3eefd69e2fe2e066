"""What staff see of the reports behind a case, on the case's page."""

from aei_marketplace.decisions.rules.exhibits import Exhibit
from aei_marketplace.decisions.service import Case
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.reports import service


async def show_reports(work: Work, case: Case) -> Exhibit:
    """The reports that the case is about, the newest first."""
    found = await service.list_reports(work, PageWanted(), case_id=case.id)
    return Exhibit("reports/exhibit.html", found)
