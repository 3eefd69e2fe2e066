"""A notice on its way, and what is sent of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.notices.rules.notices import WrittenNotice

MAIL, WEBHOOK = "mail", "webhook"
TEST_KIND = "webhook.test"
_LINE = "-" * 40


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way to a mailbox or a webhook, as the webhook's owner sees it.

    Attributes:
        notice_id: None for a test.
        state: waiting, delivered or failed.
        due_at: when it is tried next, while it waits.
        status: of the last answer; None when none came.
    """

    id: UUID
    notice_id: UUID | None
    kind: str
    state: str
    attempts: int
    due_at: datetime
    status: int | None
    problem: str | None
    created_at: datetime
    ended_at: datetime | None

    def shape(self) -> Mapping[str, Any]:
        """It for callers."""
        return {
            "id": self.id,
            "notice_id": self.notice_id,
            "kind": self.kind,
            "state": self.state,
            "attempts": self.attempts,
            "next_attempt_at": self.due_at if self.state == "waiting" else None,
            "status": self.status,
            "problem": self.problem,
            "created_at": self.created_at,
            "ended_at": self.ended_at,
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """What one process sends now: one delivery, or all of somebody's daily mail.

    Attributes:
        lane: the webhook's or the user's id.
        deliveries: their ids, the oldest first.
        notices: of these deliveries, in their order.
        attempts: this one included.
    """

    id: UUID
    channel: str
    tenant: UUID | None
    lane: UUID
    digest: bool
    deliveries: tuple[UUID, ...]
    notices: tuple[UUID, ...]
    attempts: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's subject and text."""

    subject: str
    text: str


def webhook_body(notice: WrittenNotice) -> bytes:
    """What a webhook gets: the notice, as JSON."""
    return msgspec.json.encode({"type": notice.kind, "timestamp": notice.last_at, "data": notice.content()})


def trial_body(webhook_id: UUID, moment: datetime) -> bytes:
    """What a webhook gets as a test."""
    return msgspec.json.encode({"type": TEST_KIND, "timestamp": moment, "data": {"webhook_id": webhook_id}})


def letter(notices: Sequence[WrittenNotice], public_url: str | None) -> Letter:
    """One notice as a mail, or several as one.

    Args:
        public_url: where readers find this marketplace; without it links are left out.
    """
    if len(notices) == 1:
        return Letter(notices[0].words.title, _text(notices[0], public_url))
    parts = [f"{n.words.title}\n\n{_text(n, public_url)}" for n in notices]
    return Letter(f"{len(notices)} notices", f"\n\n{_LINE}\n\n".join(parts))


def _text(notice: WrittenNotice, public_url: str | None) -> str:
    words = notice.words
    link = f"\n\n{public_url}{words.link}" if public_url and words.link else ""
    return f"{words.text}{link}"
