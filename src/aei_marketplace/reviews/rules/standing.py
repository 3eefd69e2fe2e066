"""What a writer can do with a review of theirs now."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from aei_marketplace.reviews.rules.appeals import may_appeal
from aei_marketplace.reviews.rules.views import Review, ReviewState


class Deed(StrEnum):
    """What can be done with one's own review."""

    EDIT = "edit"
    CONFIRM = "confirm"
    APPEAL = "appeal"


def may_now(review: Review, *, present: UUID | None, reviewed: bool, now: datetime) -> frozenset[Deed]:
    """What the writer of a review can do with it.

    Args:
        present: the release that can be reviewed now; None when there is none.
        reviewed: whether they have a review of that release.
    """
    deeds = set() if review.reports else {Deed.EDIT}
    newer = present is not None and present != review.release_id and not reviewed
    if newer and review.state is ReviewState.APPROVED and not review.reports:
        deeds.add(Deed.CONFIRM)
    if may_appeal(review, now):
        deeds.add(Deed.APPEAL)
    return frozenset(deeds)
