"""Decisions about several reviews or replies at once, and until when they are taken back."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.paging import LARGEST_LIMIT
from aei_marketplace.reviews.errors import NothingToUndo, ReviewDecided, ReviewUnfit
from aei_marketplace.reviews.rules.views import Reply, Review

UNDO_WITHIN = timedelta(minutes=10)


def check_batch(review_ids: Collection[UUID]) -> list[UUID]:
    """The reviews of a batch, or those whose replies it is about, each once, in the order of their ids.

    Raises:
        ReviewUnfit: there are none, or too many.
    """
    ids = sorted(set(review_ids))
    if not 1 <= len(ids) <= LARGEST_LIMIT:
        fault = Fault("/reviews", f"from 1 to {LARGEST_LIMIT} reviews")
        raise ReviewUnfit("That many reviews are not decided at once.", faults=[fault])
    return ids


def check_undo(decided: tuple[UUID, datetime] | None, by: UUID | None, now: datetime) -> None:
    """Whether somebody can take a batch back.

    Args:
        decided: by whom the batch was decided, and when; None when nothing is known of it.

    Raises:
        NothingToUndo: it is not theirs, or too old.
    """
    if decided is None or decided[0] != by:
        raise NothingToUndo("You decided no such batch, or it was taken back, or too long ago.")
    if now >= decided[1] + UNDO_WITHIN:
        minutes = int(UNDO_WITHIN.total_seconds() // 60)
        raise NothingToUndo(f"Decisions are taken back within {minutes} minutes, and that time is over.")


def check_untouched(present: Review, before: Review, decided_by: UUID, decided_at: datetime) -> None:
    """Whether a review still stands as its decision left it.

    Raises:
        ReviewDecided: it was edited, confirmed, reported or decided since.
    """
    last = (present.decided_by, present.decided_at, present.revision, present.waiting_since)
    if last != (decided_by, decided_at, before.revision, None) or present.appeal_case != before.appeal_case:
        raise ReviewDecided(
            f"The review is {present.state}, and has changed since you decided.", present.state
        )


def check_reply_untouched(present: Reply, decided_by: UUID, decided_at: datetime) -> None:
    """Whether a reply still stands as its decision left it.

    Raises:
        ReviewDecided: it was written anew or decided since.
    """
    if (present.decided_by, present.decided_at) != (decided_by, decided_at):
        raise ReviewDecided(
            f"The reply is {present.state}, and has changed since you decided.", present.state
        )
