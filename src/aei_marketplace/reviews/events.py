"""What happens to reviews, told to jobs and to whoever sends notices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ReviewsChanged:
    """What everybody reads about a plugin has changed, and so may its rating."""

    kind: ClassVar[str] = "reviews.changed"
    plugin_id: str


@dataclass(frozen=True, slots=True)
class ReviewPublished:
    """A review is read by everybody for the first time."""

    kind: ClassVar[str] = "reviews.published"
    review_id: UUID
    plugin_id: str
    version: str
    rating: int


@dataclass(frozen=True, slots=True)
class ReviewJudged:
    """Staff have decided about a review.

    Attributes:
        verdict: `approved`, `rejected` or `hidden`.
        writer_id: None when their account was erased.
    """

    kind: ClassVar[str] = "reviews.judged"
    review_id: UUID
    plugin_id: str
    verdict: str
    reason: str | None
    writer_id: UUID | None
    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class ReviewReopened:
    """Staff have taken their decision about a review back."""

    kind: ClassVar[str] = "reviews.reopened"
    review_id: UUID
    plugin_id: str
    writer_id: UUID | None
    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class ReviewWritten:
    """A review says something new, which is to be looked at before staff do."""

    kind: ClassVar[str] = "reviews.written"
    review_id: UUID


@dataclass(frozen=True, slots=True)
class ReplyJudged:
    """Staff have decided about a publisher's reply.

    Attributes:
        verdict: `approved` or `rejected`.
        tenant_id: the publisher's.
    """

    kind: ClassVar[str] = "reviews.reply_judged"
    review_id: UUID
    plugin_id: str
    verdict: str
    reason: str | None
    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class ReplyReopened:
    """Staff have taken their decision about a publisher's reply back."""

    kind: ClassVar[str] = "reviews.reply_reopened"
    review_id: UUID
    plugin_id: str
    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class ReviewReplied:
    """The publisher's reply to a review is read by everybody."""

    kind: ClassVar[str] = "reviews.replied"
    review_id: UUID
    plugin_id: str
    writer_id: UUID | None
    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class ReportFiled:
    """Somebody complained about a review."""

    kind: ClassVar[str] = "reviews.report_filed"
    review_id: UUID
