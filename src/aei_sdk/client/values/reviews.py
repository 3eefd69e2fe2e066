"""Reviews of plugins."""

from typing import Any, TypedDict


class Reply(TypedDict):
    """The publisher's answer to a review, as everybody reads it."""

    author: str
    text: str
    written_at: str


class Review(TypedDict):
    """What somebody says about a plugin; `state` is `pending`, `approved`, `rejected` or `hidden`.

    `executions` says how often its writer ran that version.
    """

    id: str
    plugin_id: str
    version: str
    rating: int
    text: str
    state: str
    author: str
    reply: Reply | None
    helpful: int
    executions: int


class OwnReview(Review):
    """A review as its writer sees it; `reason` are the words of the staff about the last decision."""

    reason: str | None
    revision: int


class Rating(TypedDict):
    """What the ratings of a plugin come to; `distribution` by stars, `versions` the newest first."""

    average: float | None
    count: int
    distribution: dict[str, int]
    versions: list[dict[str, Any]]


class ReviewList(TypedDict):
    """A page of a plugin's reviews, and what all of its ratings come to."""

    items: list[Review]
    next_cursor: str | None
    total: int
    rating: Rating


class Flag(TypedDict):
    """A reason to look closer."""

    kind: str
    reason: str


class WaitingReview(OwnReview):
    """A review that waits for staff; `possible` is what can be decided, `obstacle` why not by you."""

    waiting_since: str
    due_at: str
    possible: list[str]
    flags: list[Flag]
    similar: list[dict[str, Any]]
    reports: list[dict[str, str]]
    language: str | None
    obstacle: dict[str, str] | None


class WaitingReply(TypedDict):
    """A publisher's reply that waits for staff; `answers` is the review, `obstacle` why you do not decide."""

    review_id: str
    plugin_id: str
    author: str
    text: str
    state: str
    answers: dict[str, Any] | None
    obstacle: dict[str, str] | None


class Happened(TypedDict):
    """What became of one review of several; a `problem` says why nothing did."""

    id: str
    state: str | None
    problem: dict[str, Any] | None


class ReviewBatch(TypedDict):
    """A decision about several reviews; `id` takes it back until `undo_until`."""

    id: str
    undo_until: str | None
    items: list[Happened]
