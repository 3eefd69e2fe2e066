"""Cases: what one is, what it is about, and how it is decided."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

LONGEST_TITLE = 200


class CaseState(StrEnum):
    """Where a case stands in its round."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Shown(StrEnum):
    """Which cases a list shows; `open` are those that wait or are claimed."""

    OPEN = "open"
    WAITING = "waiting"
    CLAIMED = "claimed"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"

    @property
    def open(self) -> bool:
        """Whether all of them still wait for a decision."""
        return self not in (Shown.DECIDED, Shown.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a case is about.

    Attributes:
        type: for example `plugin`.
        id: its name among those; one subject of one party waits once.
        title: a few words for the queue.
        party: the tenant that the decision touches, and that may appeal.
    """

    type: str
    id: str
    title: str
    party: UUID


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision that is handed in.

    Attributes:
        verdict: one of the kind's.
        reason: read by the party.
        version: of the case as the decider saw it; None when they do not say.
    """

    verdict: str
    reason: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides.

    Attributes:
        id: None for the marketplace itself.
        of_party: whether they belong to the tenant that the decision touches.
    """

    id: UUID | None
    of_party: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a person decides.

    Attributes:
        opened_by, opened_tenant: who brought it; None for the marketplace itself.
        round: 1, and 2 once it was appealed.
        version: grows with each step.
        queued_at: when this round began to wait.
        due_at: when it should be decided.
        verdict, reason, decided_by, decided_at: the decision that stands, also while its appeal waits.
        appeal_until: until when the party may appeal; None when it cannot.
    """

    id: UUID
    kind: str
    subject_type: str
    subject_id: str
    title: str
    party: UUID
    opened_by: UUID | None
    opened_tenant: UUID | None
    state: CaseState
    round: int
    version: int
    opened_at: datetime
    queued_at: datetime
    due_at: datetime
    claimed_by: UUID | None = None
    claimed_until: datetime | None = None
    verdict: str | None = None
    reason: str | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    appeal_until: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it still waits for the decision of its round."""
        return self.state in (CaseState.WAITING, CaseState.CLAIMED)

    @property
    def standing(self) -> dict[str, object]:
        """How it stands, in short, for whoever comes too late."""
        return {
            "id": self.id,
            "state": self.state,
            "round": self.round,
            "version": self.version,
            "verdict": self.verdict,
        }

    def held_at(self, now: datetime) -> bool:
        """Whether somebody's claim holds."""
        return self.claimed_until is not None and now < self.claimed_until

    def appealable_at(self, now: datetime) -> bool:
        """Whether the party may appeal."""
        waits = self.appeal_until is not None and now < self.appeal_until
        return self.state is CaseState.DECIDED and self.round == 1 and waits

    def final_at(self, now: datetime) -> bool:
        """Whether the decision stands for good."""
        return self.state is CaseState.DECIDED and not self.appealable_at(now)

    def waited_at(self, now: datetime) -> timedelta:
        """How long this round has waited, or did until it was decided."""
        ended = self.decided_at if self.state is CaseState.DECIDED and self.decided_at else now
        return ended - self.queued_at
