"""Events: past-tense frozen values, written in the same commit as what they tell of."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

E = TypeVar("E")


class Event(Protocol):
    """A frozen dataclass with a stable name; its fields are texts, numbers, ids."""

    kind: ClassVar[str]


class Queue(Protocol):
    """Where events wait for their reactions, durably."""

    async def put(self, connection: AsyncConnection, messages: "list[Message]") -> None:
        """Add messages inside the connection's open transaction."""
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
