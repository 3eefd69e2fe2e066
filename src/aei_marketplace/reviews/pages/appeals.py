"""What staff see of an appealed review, on the page of its case."""

from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.decisions.rules.exhibits import Exhibit
from aei_marketplace.decisions.service import Case
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews import service
from aei_marketplace.reviews.pages.entries import WORDS, EntryWords
from aei_marketplace.reviews.service import Waiting


@dataclass(frozen=True, slots=True)
class Appealed:
    """A review whose writer asks for a second look."""

    waiting: Waiting
    words: EntryWords


async def show_appeal(work: Work, case: Case) -> Exhibit:
    """The review, what was decided about it, and what its writer says to that."""
    waiting = await service.find_waiting(work, UUID(case.subject_id))
    return Exhibit("reviews/appealed.html", Appealed(waiting, WORDS))
