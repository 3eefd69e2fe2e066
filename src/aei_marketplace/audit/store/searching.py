"""Finding entries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Text, func, select

from aei_marketplace.audit.models import entries, leaves, personal
from aei_marketplace.ground.work import Work

_WRITTEN = func.convert_from(entries.c.content, "UTF8", type_=Text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; None means any.

    Attributes:
        actor: an actor's id.
        resource: a resource's id.
        since, until: half-open, by the entry's time.
        tenant: whose; only staff see more than one tenant's.
        text: part of the entry as it is written, whatever the case. Personal data is not part of it.
    """

    actor: UUID | None = None
    action: str | None = None
    resource: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    tenant: UUID | None = None
    text: str | None = None


async def search(work: Work, wanted: Wanted, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Entries newest first, each with its sequence number once it has one.

    Args:
        after: the id of the last entry of the page before, None at the start. Ids are UUIDv7: in
            order of time.
    """
    statement = (
        select(entries, leaves.c.sequence)
        .outerjoin(leaves, leaves.c.entry_id == entries.c.id)
        .where(*_conditions(wanted))
        .order_by(entries.c.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(entries.c.id < after)
    return (await work.run(statement)).all()


async def find(work: Work, entry_id: UUID) -> Row[Any] | None:
    """One entry with its sequence number, if the actor may see it."""
    statement = select(entries, leaves.c.sequence).outerjoin(leaves, leaves.c.entry_id == entries.c.id)
    return (await work.run(statement.where(entries.c.id == entry_id))).one_or_none()


async def count(work: Work, wanted: Wanted) -> int:
    """How many entries match."""
    statement: Select[Any] = select(func.count()).select_from(entries).where(*_conditions(wanted))
    return int((await work.run(statement)).scalar_one())


async def openings(work: Work, entry_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The personal data of entries that has not been erased."""
    return (await work.run(select(personal).where(personal.c.entry_id.in_(entry_ids)))).all()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    columns = entries.c
    tests: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (wanted.actor, columns.actor_id.__eq__),
        (wanted.action, columns.action.__eq__),
        (wanted.resource, columns.resource_id.__eq__),
        (wanted.since, columns.at.__ge__),
        (wanted.until, columns.at.__lt__),
        (wanted.tenant, columns.tenant_id.__eq__),
        (wanted.text, lambda text: _WRITTEN.icontains(text, autoescape=True)),
    ]
    return [test(value) for value, test in tests if value is not None]
