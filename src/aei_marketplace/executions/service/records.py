"""Reading what was recorded of executions."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from aei_marketplace.executions.errors import NoSuchExecution
from aei_marketplace.executions.rules.endings import Ending
from aei_marketplace.executions.rules.journals import Kept
from aei_marketplace.executions.rules.trends import DAYS, MOST_COUNTED, Group, Trend, trend
from aei_marketplace.executions.rules.views import ALL, OUTCOMES, Brief, Execution, Filter
from aei_marketplace.executions.store import records
from aei_marketplace.executions.store.quick import Start
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work, Works
from aei_protocol.identifiers import PluginId


async def find_execution(work: Work, id: UUID) -> Execution:
    """An execution that the actor may see: their own, or any of the tenant with `execution.read_all`.

    Raises:
        NoSuchExecution: there is none.
    """
    row = await records.find(work, id, _only_of(work.actor))
    if row is None:
        raise NoSuchExecution(f"There is no execution {id} that you may see.")
    return _as_execution(row)


async def read_execution(works: Works, actor: Actor, id: UUID) -> Execution:
    """The same in a work of its own."""
    async with works.begin(actor) as work:
        return await find_execution(work, id)


async def list_executions(work: Work, wanted: PageWanted, filtered: Filter = ALL) -> Page:
    """Executions that the actor may see, newest first.

    Raises:
        Invalid: a filter cannot be, or the cursor is not one of ours.
    """
    conditions = _conditions(work.actor, filtered)
    rows = await records.find_page(work, conditions, wanted.position(as_id), wanted.limit)
    total = await records.count(work, conditions)
    return wanted.page([_as_execution(r) for r in rows], total, lambda e: str(e.id))


async def list_briefs(work: Work, wanted: PageWanted, filtered: Filter = ALL) -> Page:
    """The same in a line each, as `Brief`."""
    conditions = _conditions(work.actor, filtered)
    rows = await records.find_briefs(work, conditions, wanted.position(as_id), wanted.limit)
    total = await records.count(work, conditions)
    return wanted.page([Brief(*tuple(row)) for row in rows], total, lambda e: str(e.id))


async def find_trend(work: Work, filtered: Filter = ALL) -> Trend:
    """How the executions that the actor may see went in the last days, of the newest `MOST_COUNTED`."""
    today = work.now.astimezone(UTC).date()
    first = datetime.combine(today - timedelta(days=DAYS - 1), time(), UTC)
    since = max(first, filtered.since) if filtered.since else first
    conditions = _conditions(work.actor, replace(filtered, since=since))
    rows = await records.count_by_day(work, conditions, MOST_COUNTED)
    return trend((Group(*tuple(row)) for row in rows), today)


async def count_own(work: Work, plugin_id: str, version: str) -> int:
    """How many executions of a version the actor has begun, of their newest `MOST_COUNTED` of the plugin."""
    conditions = records.conditions(work.actor.in_tenant(), work.actor.id, plugin_id, None, None)
    return await records.count_version(work, conditions, version, MOST_COUNTED)


def ended_execution(start: Start, ending: Ending, kept: Kept, at: Any) -> Execution:
    """An execution as its row is, without reading it again."""
    return Execution(
        id=start.id,
        plugin_id=start.plugin_id,
        version=start.version,
        installation_id=start.installation_id,
        actor_id=start.actor_id,
        mode=start.mode,
        limits=start.limits,
        started_at=start.started_at,
        ended_at=at,
        outcome=str(ending.outcome),
        output=ending.output,
        problem=ending.problem,
        usage=ending.usage,
        permissions=ending.permissions,
        walls=ending.walls,
        log_truncated=ending.log_truncated,
        parent_id=start.parent_id,
        depth=start.depth,
        replay_of=start.replay_of,
        journal=kept.journal,
        divergence=kept.divergence,
        identical=kept.identical,
    )


def started_execution(start: Start) -> Execution:
    """An execution that has just begun."""
    return Execution(
        id=start.id,
        plugin_id=start.plugin_id,
        version=start.version,
        installation_id=start.installation_id,
        actor_id=start.actor_id,
        mode=start.mode,
        limits=start.limits,
        started_at=start.started_at,
        parent_id=start.parent_id,
        depth=start.depth,
        replay_of=start.replay_of,
    )


def _as_execution(row: Any) -> Execution:
    return Execution(
        id=row.id,
        plugin_id=row.plugin_id,
        version=row.version,
        installation_id=row.installation_id,
        actor_id=row.actor_id,
        mode=row.mode,
        limits=row.limits,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        output=row.output,
        problem=row.problem,
        usage=row.usage,
        permissions=row.permissions,
        walls=tuple(row.walls or ()),
        log_truncated=bool(row.log_truncated),
        parent_id=row.parent_id,
        depth=row.depth,
        replay_of=row.replay_of,
        journal=row.journal,
        divergence=row.divergence,
        identical=row.identical,
    )


def _conditions(actor: Actor, filtered: Filter) -> list[ColumnElement[bool]]:
    if filtered.outcome is not None and filtered.outcome not in OUTCOMES:
        raise Invalid("There is no such outcome.", faults=[Fault("outcome", f"one of {', '.join(OUTCOMES)}")])
    if filtered.plugin_id is not None:
        _check_plugin_id(filtered.plugin_id)
    tenant, own = actor.in_tenant(), _only_of(actor)
    found = records.conditions(tenant, own, filtered.plugin_id, filtered.outcome, filtered.since)
    return [*found, *records.conditions(tenant, filtered.actor_id, None, None, None)]


def _only_of(actor: Actor) -> UUID | None:
    actor.in_tenant()
    return None if actor.may("execution.read_all") else actor.id


def _check_plugin_id(plugin_id: str) -> None:
    try:
        PluginId.parse(plugin_id)
    except ValueError as error:
        raise Invalid("There is no such plugin.", faults=[Fault("plugin", str(error))]) from error
