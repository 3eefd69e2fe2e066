"""Events: past-tense frozen values, written in the same commit as what they tell of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

E = TypeVar("E")


class Event(Protocol):
    """A frozen dataclass with a stable name; its fields are texts, numbers, ids."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Lane:
    """How the events of one kind stand.

    Attributes:
        failed: jobs that gave up and wait for somebody.
        oldest_at: since when the longest waiting one waits; None when none does.
    """

    kind: str
    waiting: int
    running: int
    failed: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A reaction that gave up.

    Attributes:
        trace_id: of the work that emitted the event, as logs name it.
    """

    id: int
    kind: str
    attempts: int
    emitted_at: datetime
    failed_at: datetime
    trace_id: str


class Queue(Protocol):
    """Where events wait for their reactions, durably."""

    async def put(self, connection: AsyncConnection, messages: "list[Message]") -> None:
        """Add messages inside the connection's open transaction."""
        ...

    async def lanes(self, connection: AsyncConnection) -> "list[Lane]":
        """How each kind stands that has jobs, by kind; for the role of named jobs."""
        ...

    async def failed(self, connection: AsyncConnection, limit: int) -> list[FailedJob]:
        """Jobs that gave up, those emitted last first; for the role of named jobs."""
        ...

    async def retry(self, connection: AsyncConnection, job_id: int) -> bool:
        """Have a job that gave up tried again; False when there is none of this id."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way."""

    kind: str
    body: bytes


def as_message(event: Event, trace_id: str) -> Message:
    """Write an event down."""
    return Message(event.kind, msgspec.json.encode({"trace_id": trace_id, "event": event}))


def read_message(body: bytes, event: type[E]) -> tuple[E, str]:
    """Read an event and the trace id of the work that emitted it."""
    envelope: dict[str, Any] = msgspec.json.decode(body)
    return msgspec.convert(envelope["event"], event), str(envelope["trace_id"])


def trace_of(body: bytes) -> str:
    """The trace id of the work that emitted an event, whatever its kind."""
    return str(msgspec.json.decode(body)["trace_id"])
