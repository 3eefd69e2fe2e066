"""What a notice is: of which kind, to whom, about what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.ground.texts import one_line
from aei_marketplace.notices.rules.kind import Words
from aei_marketplace.notices.rules.kinds import kind_of, worded

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Audience:
    """To whom a notice goes; made by one of the three functions below.

    Attributes:
        tenant: None for the staff, and for a person wherever they are.
        user: one person, or None.
        action: whoever holds this action, or None.
    """

    tenant: UUID | None
    user: UUID | None
    action: str | None


def to_user(user: UUID, tenant: UUID | None) -> Audience:
    """One person, where they act in a tenant (None: everywhere)."""
    return Audience(tenant, user, None)


def to_holders(tenant: UUID, action: str) -> Audience:
    """Whoever holds an action in a tenant, now or later."""
    return Audience(tenant, None, action)


def to_staff(action: str) -> Audience:
    """Whoever of the operator's staff holds an action, now or later."""
    return Audience(None, None, action)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice is about, for example a `release` and `acme.counter@1.0.0`."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to be written.

    Attributes:
        kind: one of `kinds.KINDS`.
        data: the values that the kind's template takes.
    """

    kind: str
    to: Audience
    subject: Subject
    data: Mapping[str, str]

    @property
    def subject_id(self) -> str:
        """As it is kept."""
        return one_line(self.subject.id, LONGEST_SUBJECT)


@dataclass(frozen=True, slots=True)
class WrittenNotice:
    """A notice as it stands.

    Attributes:
        count: how often it occurred on its day.
        read_at: when the reader read it last; None when they never did.
    """

    id: UUID
    kind: str
    to: Audience
    subject: Subject
    data: Mapping[str, str]
    count: int
    created_at: datetime
    last_at: datetime
    read_at: datetime | None = None

    @property
    def read(self) -> bool:
        """Whether the reader knows it; one that occurred again since is unread."""
        return self.read_at is not None and self.read_at >= self.last_at

    @property
    def words(self) -> Words:
        """It in words."""
        return worded(self.kind, self.data)

    def content(self) -> dict[str, Any]:
        """What it says, for readers and programs."""
        words = self.words
        return {
            "id": self.id,
            "kind": self.kind,
            "severity": kind_of(self.kind).severity,
            "title": words.title,
            "text": words.text,
            "link": words.link,
            "subject": self.subject,
            "data": self.data,
            "count": self.count,
            "created_at": self.created_at,
            "last_at": self.last_at,
        }

    def shape(self) -> dict[str, Any]:
        """It for its reader."""
        return {**self.content(), "read": self.read}
