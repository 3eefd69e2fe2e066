"""Reviews as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.paging import PageWanted


class ReviewState(StrEnum):
    """Where the newest words of a review stand."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Review:
    """A review as its writer and the staff see it.

    Attributes:
        writer_id: None when their account was erased.
        author: what the writer is called.
        reason: staff's words about the last decision.
        revision: how often it was written; 1 is the first.
        executions: the writer's own of this version, when they wrote.
        reports: those that wait for a decision.
        held: reports have taken it out of sight until that decision.
        waiting_since: since when staff have something to decide about it; None when they have not.
    """

    id: UUID
    plugin_id: str
    release_id: UUID
    version: str
    writer_id: UUID | None
    tenant_id: UUID
    author: str
    rating: int
    text: str
    state: ReviewState
    reason: str | None
    revision: int
    executions: int
    reports: int
    held: bool
    waiting_since: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """A review as everybody reads it: the newest words that were approved.

    Attributes:
        visible: False while it is hidden or held.
    """

    review_id: UUID
    plugin_id: str
    version: str
    writer_id: UUID | None
    tenant_id: UUID
    author: str
    rating: int
    text: str
    executions: int
    helpful: int
    visible: bool
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """The publisher's answer to a review.

    Attributes:
        author: the publisher's name.
    """

    review_id: UUID
    plugin_id: str
    tenant_id: UUID
    author: str
    text: str
    state: ReviewState
    reason: str | None
    decided_by: UUID | None
    decided_at: datetime | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """What a review once said."""

    revision: int
    version: str
    rating: int
    text: str
    written_at: datetime


def position_of(page: PageWanted) -> UUID | None:
    """Behind which id a page begins; None at the start.

    Raises:
        Invalid: the cursor is of another list.
    """
    try:
        return None if page.after is None else UUID(str(page.after))
    except ValueError as error:
        fault = Fault("cursor", "send back `next_cursor` unchanged")
        raise Invalid("The cursor is of another list.", faults=[fault]) from error
