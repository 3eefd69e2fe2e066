"""What was recorded of executions, for those who may see it and for jobs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Double, Row, Text, cast, delete, func, select, text, update

from aei_marketplace.executions.models import execution_journals, execution_logs, executions
from aei_marketplace.executions.rules.endings import Ending
from aei_marketplace.executions.rules.journals import Sealed
from aei_marketplace.ground.clock import first_id
from aei_marketplace.ground.work import Work

#: JSON columns are read as the texts they are: the digest of a usage's text stands in the log.
_AS_TEXT = {"limits", "usage", "permissions", "divergence"}
#: Between an id and the start that it is made for pass moments, and clocks are set.
_SKEW = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 2, tzinfo=UTC)
_BRIEF = select(
    executions.c.id,
    executions.c.plugin_id,
    executions.c.version,
    executions.c.actor_id,
    executions.c.mode,
    executions.c.started_at,
    executions.c.ended_at,
    executions.c.outcome,
    executions.c.depth,
    cast(executions.c.usage.op("->>")("wall_ms"), Double).label("wall_ms"),
)
_ROW = select(*(cast(c, Text).label(c.name) if c.name in _AS_TEXT else c for c in executions.c))
_OWNER_IS_GONE = text("select pg_try_advisory_xact_lock(:key)")


async def find(work: Work, id: UUID, actor: UUID | None) -> Row[Any] | None:
    """One execution; with `actor`, only if it is theirs."""
    mine = [executions.c.actor_id == actor] if actor else []
    return (await work.run(_ROW.where(executions.c.id == id, *mine))).first()


async def find_log(work: Work, id: UUID) -> bytes | None:
    """The log's lines as JSON."""
    found = await work.run(select(execution_logs.c.lines).where(execution_logs.c.execution_id == id))
    return found.scalar_one_or_none()


async def find_release_id(work: Work, id: UUID) -> UUID:
    """The release that an execution ran."""
    found: UUID = (await work.run(select(executions.c.release_id).where(executions.c.id == id))).scalar_one()
    return found


async def find_journal(work: Work, id: UUID) -> Sealed | None:
    """The sealed journal of an execution; None when there is none, or its time is over."""
    query = select(execution_journals.c.nonce, execution_journals.c.sealed)
    row = (await work.run(query.where(execution_journals.c.execution_id == id))).first()
    return None if row is None else Sealed(row.nonce, row.sealed)


async def find_journals(work: Work, after: UUID | None, limit: int) -> list[Row[Any]]:
    """Sealed journals of all tenants, by execution."""
    later = [execution_journals.c.execution_id > after] if after else []
    query = select(execution_journals).where(*later).order_by(execution_journals.c.execution_id).limit(limit)
    return list((await work.run(query)).all())


async def find_page(
    work: Work, conditions: Sequence[ColumnElement[bool]], after: UUID | None, limit: int
) -> list[Row[Any]]:
    """Executions, newest first, one more than `limit` if there are more."""
    older = [executions.c.id < after] if after else []
    query = _ROW.where(*conditions, *older).order_by(executions.c.id.desc()).limit(limit + 1)
    return list((await work.run(query)).all())


async def find_briefs(
    work: Work, conditions: Sequence[ColumnElement[bool]], after: UUID | None, limit: int
) -> list[Row[Any]]:
    """The same without what can be large: output, problem, limits and walls."""
    older = [executions.c.id < after] if after else []
    query = _BRIEF.where(*conditions, *older).order_by(executions.c.id.desc()).limit(limit + 1)
    return list((await work.run(query)).all())


async def count_by_day(work: Work, conditions: Sequence[ColumnElement[bool]], most: int) -> list[Row[Any]]:
    """Executions by UTC day and plugin: how many, of these ok and running, and their time together.

    Args:
        most: only so many of the newest are looked at.
    """
    newest = (
        select(
            executions.c.plugin_id,
            executions.c.outcome,
            executions.c.usage,
            cast(func.timezone("UTC", executions.c.started_at), Date).label("day"),
        )
        .where(*conditions)
        .order_by(executions.c.id.desc())
        .limit(most)
        .subquery()
    )
    wall = cast(newest.c.usage.op("->>")("wall_ms"), Double)
    query = select(
        newest.c.day,
        newest.c.plugin_id,
        func.count().label("count"),
        func.count().filter(newest.c.outcome == "ok").label("ok"),
        func.count().filter(newest.c.outcome.is_(None)).label("running"),
        func.coalesce(func.sum(wall), 0.0).label("wall_ms"),
    ).group_by(newest.c.day, newest.c.plugin_id)
    return list((await work.run(query)).all())


async def count(work: Work, conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many executions there are."""
    return int((await work.run(select(func.count()).select_from(executions).where(*conditions))).scalar_one())


async def count_version(
    work: Work, conditions: Sequence[ColumnElement[bool]], version: str, most: int
) -> int:
    """How many of the newest executions ran a version.

    Args:
        most: only so many are looked at.
    """
    newest = select(executions.c.version).where(*conditions).order_by(executions.c.id.desc()).limit(most)
    ran = newest.subquery()
    query = select(func.count()).select_from(ran).where(ran.c.version == version)
    return int((await work.run(query)).scalar_one())


def conditions(
    tenant: UUID, actor: UUID | None, plugin_id: str | None, outcome: str | None, since: datetime | None
) -> list[ColumnElement[bool]]:
    """What a list is filtered by; `running` stands for no outcome yet, `failed` for all but `ok`."""
    wanted: list[ColumnElement[bool]] = [executions.c.tenant_id == tenant]
    if actor:
        wanted.append(executions.c.actor_id == actor)
    if plugin_id:
        wanted.append(executions.c.plugin_id == plugin_id)
    if outcome == "running":
        wanted.append(executions.c.ended_at.is_(None))
    elif outcome == "failed":
        wanted.append(executions.c.outcome != "ok")
    elif outcome:
        wanted.append(executions.c.outcome == outcome)
    if since:
        # Ids begin with the time of their making: the index over them finds where to stop.
        wanted += [executions.c.started_at >= since, executions.c.id >= first_id(max(since, _EPOCH) - _SKEW)]
    return wanted


async def owners_with_running(work: Work) -> list[UUID]:
    """The processes that started executions which have no end."""
    query = select(executions.c.owner).where(executions.c.ended_at.is_(None)).distinct()
    return list((await work.run(query)).scalars())


async def owner_is_gone(work: Work, key: int) -> bool:
    """Whether nobody holds a process's lock; if so, this transaction holds it until it ends."""
    return bool((await work.run(_OWNER_IS_GONE, {"key": key})).scalar_one())


async def running_of(work: Work, owner: UUID, limit: int) -> list[Row[Any]]:
    """A process's executions without an end."""
    query = _ROW.where(executions.c.owner == owner, executions.c.ended_at.is_(None)).limit(limit)
    return list((await work.run(query)).all())


async def write_end(work: Work, id: UUID, ending: Ending) -> bool:
    """Write an end in a job's transaction; False when the execution has one already."""
    values = {
        "ended_at": work.now,
        "outcome": str(ending.outcome),
        "problem": ending.problem,
        "usage": text("cast(:usage as json)").bindparams(usage=ending.usage),
        "permissions": text("cast(:permissions as json)").bindparams(permissions=ending.permissions),
        "walls": list(ending.walls),
        "log_truncated": ending.log_truncated,
    }
    open_one = (executions.c.id == id) & executions.c.ended_at.is_(None)
    return (await work.run(update(executions).where(open_one).values(values))).rowcount == 1


async def forget_outputs(work: Work, older_than: timedelta, limit: int) -> int:
    """Drop output, log and journal of old executions; returns how many."""
    old = (
        select(executions.c.id)
        .where(
            executions.c.ended_at < work.now - older_than,
            executions.c.output_forgotten_at.is_(None),
        )
        .limit(limit)
    )
    ids = list((await work.run(old)).scalars())
    for table in (execution_logs, execution_journals):
        await work.run(delete(table).where(table.c.execution_id.in_(ids)))
    await work.run(
        update(executions)
        .where(executions.c.id.in_(ids))
        .values(output=None, problem=None, output_forgotten_at=work.now)
    )
    return len(ids)


async def forget_executions(work: Work, before: datetime, limit: int) -> int:
    """Delete executions that began before a moment; returns how many."""
    old = select(executions.c.id).where(executions.c.started_at < before, executions.c.ended_at.is_not(None))
    gone = await work.run(delete(executions).where(executions.c.id.in_(old.limit(limit))))
    return int(gone.rowcount)
