"""`Work`: one actor, one transaction, its audit entries and its events, all or nothing."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CursorResult, Executable, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from aei_marketplace.ground.actor import Actor, ActorKind, MissingAction, system_actor
from aei_marketplace.ground.audit import Entry, Fact, make_entry
from aei_marketplace.ground.clock import Clock, new_id, utc_now
from aei_marketplace.ground.db import Database
from aei_marketplace.ground.errors import Denial
from aei_marketplace.ground.outbox import Event, Message, Queue, as_message

_ENTER = text(
    "select set_config('aei.tenant', :tenant, true), set_config('aei.staff', :staff, true),"
    " set_config('aei.actor', :actor, true)"
)
_APPEND = text(
    "select audit_append_all(:id, :at, :tenant, :actor_kind, :actor_id, :action, :resource_type,"
    " :resource_id, :outcome, :trace_id, :content, :leaf_hash)"
)
_OPEN = text(
    "insert into audit_personal (entry_id, name, value, key) values (:entry_id, :name, :value, :key)"
)


@dataclass
class Work:
    """What one actor does in one transaction.

    Attributes:
        connection: the open transaction; row-level security shows it the actor's tenant only.
        now: the moment of this work, the same for all it writes.
        trace_id: ties request, entries and events together.
    """

    actor: Actor
    connection: AsyncConnection
    now: datetime
    trace_id: str
    _entries: list[Entry] = field(default_factory=list)
    _messages: list[Message] = field(default_factory=list)

    async def run(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Execute one statement in the transaction."""
        return await self.connection.execute(statement, parameters)

    def record(self, fact: Fact) -> UUID:
        """Have the commit carry an audit entry; returns its id."""
        entry = make_entry(new_id(), self.now, self.actor, fact, self.trace_id)
        self._entries.append(entry)
        return entry.id

    def emit(self, event: Event) -> None:
        """Have the commit carry an event."""
        self._messages.append(as_message(event, self.trace_id))

    async def write_down(self, queue: Queue) -> None:
        """Write the collected entries and events; the last act before the commit."""
        if self._entries:
            rows = [entry_row(entry) for entry in self._entries]
            await self.connection.execute(_APPEND, {name: [row[name] for row in rows] for name in rows[0]})
        openings = [
            {"entry_id": e.id, "name": o.name, "value": o.value, "key": o.key}
            for e in self._entries
            for o in e.openings
        ]
        if openings:
            await self.connection.execute(_OPEN, openings)
        if self._messages:
            await queue.put(self.connection, self._messages)


@dataclass(frozen=True)
class Works:
    """Begins works. One in each process."""

    database: Database
    queue: Queue
    clock: Clock = utc_now

    @asynccontextmanager
    async def begin(self, actor: Actor, trace_id: str | None = None) -> AsyncIterator[Work]:
        """A work of `actor`; it commits when the block ends and vanishes when it raises.

        A refusal for lack of rights is itself recorded, in a transaction of its own.
        """
        engine = self.database.system if actor.kind is ActorKind.SYSTEM else self.database.app
        trace = trace_id or uuid4().hex
        try:
            async with self._transaction(engine, actor, trace) as work:
                yield work
        except Denial as refusal:
            if actor.id is not None:
                await self.record_denial(actor, refusal, trace)
            raise

    def system(self, job: str, trace_id: str | None = None) -> AbstractAsyncContextManager[Work]:
        """A work of the marketplace itself, across tenants, named after its job."""
        return self.begin(system_actor(job), trace_id)

    async def record_denial(self, actor: Actor, refusal: Denial, trace_id: str) -> None:
        """Write the audit entry of a denial."""
        async with self._transaction(self.database.app, actor, trace_id) as work:
            work.record(denial(refusal))
        refusal.recorded = True

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine, actor: Actor, trace_id: str) -> AsyncIterator[Work]:
        async with engine.begin() as connection:
            await connection.execute(_ENTER, _identity(actor))
            work = Work(actor, connection, self.clock(), trace_id)
            yield work
            await work.write_down(self.queue)


def denial(refusal: Denial) -> Fact:
    """The fact that somebody was denied something."""
    action = refusal.action if isinstance(refusal, MissingAction) else None
    return Fact(
        "access.denied",
        "action" if action else "request",
        action or refusal.type,
        outcome="denied",
        reason=refusal.detail,
    )


def entry_row(entry: Entry) -> dict[str, Any]:
    """The parameters of `audit_append`, by name."""
    return {
        "id": entry.id,
        "at": entry.at,
        "tenant": entry.actor.tenant,
        "actor_kind": str(entry.actor.kind),
        "actor_id": entry.actor.id,
        "action": entry.fact.action,
        "resource_type": entry.fact.resource_type,
        "resource_id": entry.fact.resource_id,
        "outcome": entry.fact.outcome,
        "trace_id": entry.trace_id,
        "content": entry.content,
        "leaf_hash": entry.leaf_hash,
    }


def _identity(actor: Actor) -> dict[str, str]:
    return {
        "tenant": str(actor.tenant) if actor.tenant else "",
        "staff": "on" if actor.staff else "",
        "actor": str(actor.id) if actor.id else "",
    }
