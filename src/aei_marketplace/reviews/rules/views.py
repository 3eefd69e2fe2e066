"""Reviews as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from aei_marketplace.ground.paging import PageWanted, as_id
from aei_marketplace.reviews.errors import ReviewMoved
from aei_marketplace.reviews.rules.flags import FlagKind


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
        due_at: until when they should have; set with `waiting_since`.
        appeal_case: the appeal against the last decision; None while there was none.
        appeal_words: what the writer said for it.
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
    due_at: datetime | None = None
    appeal_case: UUID | None = None
    appeal_words: str | None = None

    @property
    def etag(self) -> str:
        """A strong entity tag: what anybody does to the review changes it."""
        said = (self.id, self.revision, self.version, self.state, self.reason, self.reports, self.held)
        moved = (self.updated_at, self.decided_at, self.waiting_since, self.appeal_case)
        return f'"{sha256(repr((*map(str, said), *map(str, moved))).encode()).hexdigest()[:32]}"'

    def check_seen(self, seen: str | None) -> None:
        """Whether the review is the one that a caller saw.

        Args:
            seen: the entity tag that they saw; None when they do not say.

        Raises:
            ReviewMoved: it has changed since.
        """
        if seen is not None and seen != self.etag:
            raise ReviewMoved(f"The review is {self.state}, and not as you saw it.")


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


class Order(StrEnum):
    """In which order a plugin's reviews are read."""

    NEWEST = "newest"
    HELPFUL = "helpful"
    HIGHEST = "highest"
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which reviews of a plugin are wanted; None stands for any."""

    plugin_id: str
    version: str | None = None
    rating: int | None = None
    order: Order = Order.NEWEST

    def key_of(self, review: Published) -> tuple[int | None, UUID]:
        """Where a review stands in the order: what it is ordered by first, and its id."""
        if self.order is Order.NEWEST:
            return None, review.review_id
        return (review.helpful if self.order is Order.HELPFUL else review.rating), review.review_id


class QueueOrder(StrEnum):
    """In which order staff see what waits."""

    DUE = "due"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class QueueSelection:
    """Which of the reviews that wait staff want to see; None stands for any.

    Attributes:
        flag: the name of a flag that they have.
        reported: whether reports about them wait.
        plugin_id: of this plugin.
    """

    flag: FlagKind | None = None
    reported: bool | None = None
    plugin_id: str | None = None
    order: QueueOrder = QueueOrder.DUE


def place_of(page: PageWanted, order: Order) -> tuple[int | None, UUID] | None:
    """Behind which place of a plugin's reviews a page begins; None at the start.

    Raises:
        Invalid: the cursor is of another list, or of another order.
    """
    return page.position(lambda said: _place(said, order))


def _place(said: object, order: Order) -> tuple[int | None, UUID]:
    match said:
        case [None, review_id] if order is Order.NEWEST:
            return None, as_id(review_id)
        case [int(value), review_id] if order is not Order.NEWEST and 0 <= value < 2**31:
            return value, as_id(review_id)
    raise ValueError("not a place in this order")
