"""Whose request is scanned next: each publisher in turn, so that nobody's flood keeps others waiting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aei_marketplace.certification.errors import TooManyRequests
from aei_marketplace.certification.rules.states import Purpose

#: Scans begun in this time count against a publisher's turn.
PERIOD = timedelta(hours=1)
#: A scan that has said nothing for so long has lost its process; somebody else takes it up.
LEASE = timedelta(seconds=90)
#: How often a scan that is under way says so.
RENEWED = timedelta(seconds=20)
#: A scan that broke off so often is not tried again.
MOST_ATTEMPTS = 3
#: A new release whose scan came to no end is tried again after this pause; it doubles with every round.
FIRST_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)
#: Requests of one publisher that may wait at the same time.
MOST_WAITING = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that could be scanned next.

    Attributes:
        attempt: how often a scan of it began.
    """

    id: UUID
    owner: UUID
    purpose: Purpose
    since: datetime
    attempt: int = 0

    @property
    def urgent(self) -> bool:
        """Whether it holds back a listing, and has not shown that its scan leads nowhere."""
        return self.purpose is Purpose.PUBLISH and self.attempt < MOST_ATTEMPTS


def next_turn(waiting: Sequence[Waiting], recent: Mapping[UUID, int]) -> Waiting | None:
    """The request to scan next; None when none waits.

    What holds back a listing goes before what is for a badge, in its first attempts alone: a package that no
    scan comes to an end with must not keep all badges waiting. Among these the publisher goes first that has
    had the fewest scans lately, and then whoever waits longest.

    Args:
        recent: scans begun within `PERIOD`, by owner; who is not named had none.
    """
    return min(
        waiting,
        key=lambda each: (
            not each.urgent,
            recent.get(each.owner, 0),
            each.since,
            each.id.bytes,
        ),
        default=None,
    )


def check_room(waiting: int) -> None:
    """Whether a publisher may have one more request waiting.

    Raises:
        TooManyRequests: it has as many as there may be.
    """
    if waiting >= MOST_WAITING:
        raise TooManyRequests(
            f"{waiting} of your requests wait to be scanned; at most {MOST_WAITING} may.", retry_after=300
        )
