"""Notices: writing one, listing a reader's, marking them read, forgetting old ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, literal, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.models import notice_deliveries, notice_preferences, notices
from aei_marketplace.notices.models import notice_reads as reads
from aei_marketplace.notices.rules.notices import Audience, Notice, Subject, WrittenNotice

#: The channel on which the database says to whom something was written: a tenant, a person, or `staff`.
CHANNEL = "aei_notice"
_PUT = text(
    "select notice_id, fresh from notice_put(:id, :kind, :tenant, :person, :holders, :about, :about_id,"
    " cast(:words as jsonb), :trace, :moment)"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a reader's notices.

    Attributes:
        reader: their id.
        actions: what they may do, which decides what concerns them.
        hidden: kinds that they switched off.
        unread: only what they have not read.
    """

    reader: UUID
    actions: frozenset[str]
    hidden: Sequence[str]
    unread: bool = False
    kinds: Collection[str] | None = None


async def put(work: Work, notice: Notice, data: str) -> UUID | None:
    """Write a notice down; its id when it is new, None when it repeats one.

    Args:
        data: its values, as JSON.
    """
    row = (
        await work.run(
            _PUT,
            {
                "id": new_id(),
                "kind": notice.kind,
                "tenant": notice.to.tenant,
                "person": notice.to.user,
                "holders": notice.to.action,
                "about": notice.subject.type,
                "about_id": notice.subject_id,
                "words": data,
                "trace": work.trace_id,
                "moment": work.now,
            },
        )
    ).first()
    return row.notice_id if row is not None and row.fresh else None


async def find_page(work: Work, wanted: Wanted, after: Any, limit: int) -> list[WrittenNotice]:
    """A reader's notices, the latest first, one more than `limit` if there are more.

    Args:
        after: time and id of the last notice of the page before, or None.
    """
    query = _readable(wanted, notices, reads.c.read_at)
    if after is not None:
        query = query.where(tuple_(notices.c.last_at, notices.c.id) < tuple_(*after))
    rows = await work.run(query.order_by(notices.c.last_at.desc(), notices.c.id.desc()).limit(limit + 1))
    return [_notice(row) for row in rows]


async def count_unread(pool: asyncpg.Pool, actor: Actor, optional: Collection[str]) -> int:
    """How many of somebody's notices are new to them, in one statement of its own.

    Args:
        optional: the kinds that can be switched off.
    """
    asked = (actor.id, actor.tenant, actor.staff, list(actor.actions), list(optional))
    return int(await pool.fetchval("select notices_count_unread($1, $2, $3, $4, $5)", *asked))


async def count(work: Work, wanted: Wanted) -> int:
    """How many of a reader's notices there are."""
    return int((await work.run(_readable(wanted, func.count()))).scalar_one())


async def find_readable(work: Work, wanted: Wanted, notice_id: UUID) -> WrittenNotice | None:
    """One of a reader's notices."""
    query = _readable(wanted, notices, reads.c.read_at).where(notices.c.id == notice_id)
    row = (await work.run(query)).first()
    return None if row is None else _notice(row)


async def mark_read(work: Work, wanted: Wanted, up_to: datetime, only: UUID | None = None) -> int:
    """Write down that a reader has read their notices; how many were unread.

    Args:
        up_to: notices that occurred later stay unread.
        only: one of them, None for all.
    """
    one = [] if only is None else [notices.c.id == only]
    unread = _readable(wanted, notices.c.id).where(notices.c.last_at <= up_to, *one)
    rows = unread.subquery()
    adding = insert(reads).from_select(
        ["notice_id", "user_id", "read_at"],
        select(rows.c.id, literal(wanted.reader), literal(up_to)),
    )
    later = {"read_at": func.greatest(reads.c.read_at, adding.excluded.read_at)}
    done = await work.run(adding.on_conflict_do_update(index_elements=["notice_id", "user_id"], set_=later))
    return int(done.rowcount)


async def find_many(work: Work, ids: Sequence[UUID]) -> dict[UUID, WrittenNotice]:
    """Several notices, for named jobs."""
    rows = await work.run(select(notices).where(notices.c.id.in_(ids)))
    return {row.id: _notice(row) for row in rows}


async def forget(work: Work, before: datetime, most: int) -> int:
    """Delete notices that last occurred before a moment; how many there were."""
    old = select(notices.c.id).where(notices.c.last_at < before).limit(most)
    return int((await work.run(delete(notices).where(notices.c.id.in_(old)))).rowcount)


async def forget_person(work: Work, user_id: UUID) -> None:
    """Drop what was written to one person, what they read and what they chose."""
    for held in (notice_deliveries, notice_preferences, reads, notices):
        await work.run(delete(held).where(held.c.user_id == user_id))


def _readable(wanted: Wanted, *columns: Any) -> Select[Any]:
    """A reader's notices; row-level security keeps them to the reader's tenant."""
    mine = and_(reads.c.notice_id == notices.c.id, reads.c.user_id == wanted.reader)
    query = select(*columns).select_from(notices.outerjoin(reads, mine))
    query = query.where(or_(notices.c.user_id == wanted.reader, notices.c.action.in_(wanted.actions)))
    if wanted.hidden:
        query = query.where(notices.c.kind.not_in(wanted.hidden))
    if wanted.kinds is not None:
        query = query.where(notices.c.kind.in_(wanted.kinds))
    return query.where(_unread()) if wanted.unread else query


def _unread() -> ColumnElement[bool]:
    return or_(reads.c.read_at.is_(None), reads.c.read_at < notices.c.last_at)


def _notice(row: Row[Any]) -> WrittenNotice:
    return WrittenNotice(
        id=row.id,
        kind=row.kind,
        to=Audience(row.tenant_id, row.user_id, row.action),
        subject=Subject(row.subject_type, row.subject_id),
        data=row.data,
        count=row._mapping["count"],  # a row has a method of that name
        created_at=row.created_at,
        last_at=row.last_at,
        read_at=getattr(row, "read_at", None),
    )
