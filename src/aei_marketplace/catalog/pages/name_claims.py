"""What staff see of a name that is asked for, on the page of its case."""

from aei_marketplace.catalog import service
from aei_marketplace.decisions.rules.exhibits import Exhibit
from aei_marketplace.decisions.service import Case
from aei_marketplace.ground.work import Work


async def show_name_claim(work: Work, case: Case) -> Exhibit:
    """The name, the one that it resembles, and who stands behind each."""
    return Exhibit("catalog/name_claim.html", await service.describe_name_claim(work, case.id))
