"""Advisories and the releases that they concern."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, ScalarSelect, Text, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from aei_marketplace.catalog.models import plugin_advisories, plugin_advisory_intervals, releases
from aei_marketplace.catalog.rules.advisories import Advisory, Severity, Statement
from aei_marketplace.catalog.rules.compatibility import Interval
from aei_marketplace.ground.work import Work

_A, _I, _R = plugin_advisories.c, plugin_advisory_intervals.c, releases.c
_LIES_IN = (
    select(_I.advisory_id)
    .where(_I.advisory_id == _A.id, _R.precedence >= _I.lower, _R.precedence < _I.upper)
    .correlate(plugin_advisories, releases)
)
_CONCERNS = and_(_A.plugin_id == _R.plugin_id, _LIES_IN.exists())


def of_each_release() -> ScalarSelect[Any]:
    """A column beside releases: the ids of the standing advisories that concern each, the oldest first."""
    ids = func.array_agg(aggregate_order_by(_A.id, _A.filed_at, _A.id), type_=ARRAY(Text))
    return select(ids).where(_CONCERNS, _A.withdrawn_at.is_(None)).correlate(releases).scalar_subquery()


async def find(work: Work, advisory_id: str) -> Advisory | None:
    """One advisory about a plugin that the actor sees."""
    row = (await work.run(select(plugin_advisories).where(_A.id == advisory_id))).first()
    return None if row is None else _advisory(row)


async def by_ids(work: Work, ids: Iterable[str]) -> list[Advisory]:
    """Several advisories."""
    wanted = select(plugin_advisories).where(_A.id.in_(list(ids)))
    return [_advisory(row) for row in await work.run(wanted.order_by(_A.filed_at, _A.id))]


async def find_page(
    work: Work, plugin_id: str | None, after: tuple[datetime, str] | None, limit: int
) -> tuple[list[Advisory], int]:
    """Advisories about what the actor sees, or about one plugin, the latest first; how many there are."""
    about = [] if plugin_id is None else [_A.plugin_id == plugin_id]
    total = (await work.run(select(func.count()).select_from(plugin_advisories).where(*about))).scalar_one()
    wanted = select(plugin_advisories).where(*about)
    if after is not None:
        at, last = after
        wanted = wanted.where(or_(_A.filed_at < at, and_(_A.filed_at == at, _A.id > last)))
    rows = await work.run(wanted.order_by(_A.filed_at.desc(), _A.id).limit(limit + 1))
    return [_advisory(row) for row in rows], total


async def standing(work: Work, plugin_id: str) -> list[Advisory]:
    """The advisories about a plugin that were not withdrawn, the latest first."""
    wanted = select(plugin_advisories).where(_A.plugin_id == plugin_id, _A.withdrawn_at.is_(None))
    return [_advisory(row) for row in await work.run(wanted.order_by(_A.filed_at.desc(), _A.id))]


async def count(work: Work, plugin_id: str) -> int:
    """How many advisories there are about a plugin."""
    wanted = select(func.count()).select_from(plugin_advisories).where(_A.plugin_id == plugin_id)
    return int((await work.run(wanted)).scalar_one())


async def concerned(work: Work, advisory_id: str) -> list[tuple[UUID, str]]:
    """The releases that an advisory concerns, as far as the actor sees them, the highest first."""
    wanted = select(_R.id, _R.version).where(_A.id == advisory_id, _CONCERNS)
    rows = await work.run(wanted.order_by(_R.precedence.desc()))
    return [(row.id, row.version) for row in rows]


async def add(work: Work, advisory: Advisory, holes: Iterable[Interval]) -> None:
    """Write an advisory down."""
    values = _values(advisory.statement) | {
        "id": advisory.id,
        "plugin_id": advisory.plugin_id,
        "by_staff": advisory.by_staff,
        "filed_by": work.actor.id,
        "filed_at": advisory.filed_at,
        "changed_at": advisory.changed_at,
    }
    await work.run(insert(plugin_advisories).values(**values))
    await _write_intervals(work, advisory.id, holes)


async def change(work: Work, advisory_id: str, statement: Statement, holes: Iterable[Interval]) -> None:
    """Have an advisory say something else."""
    values = _values(statement) | {"changed_at": work.now}
    await work.run(update(plugin_advisories).where(_A.id == advisory_id).values(**values))
    await work.run(delete(plugin_advisory_intervals).where(_I.advisory_id == advisory_id))
    await _write_intervals(work, advisory_id, holes)


async def withdraw(work: Work, advisory_id: str, reason: str) -> None:
    """Take an advisory back."""
    values = {"withdrawn_at": work.now, "withdrawn_reason": reason, "changed_at": work.now}
    await work.run(update(plugin_advisories).where(_A.id == advisory_id).values(**values))


async def _write_intervals(work: Work, advisory_id: str, holes: Iterable[Interval]) -> None:
    rows = [
        {"advisory_id": advisory_id, "position": position, "lower": hole.lower, "upper": hole.upper}
        for position, hole in enumerate(holes)
    ]
    await work.run(insert(plugin_advisory_intervals), rows)


def _values(statement: Statement) -> dict[str, Any]:
    return {
        "severity": statement.severity,
        "title": statement.title,
        "details": statement.details,
        "affected": statement.affected,
        "fixed": statement.fixed,
        "links": list(statement.links),
    }


def _advisory(row: Row[Any]) -> Advisory:
    statement = Statement(
        Severity(row.severity), row.title, row.details, row.affected, row.fixed, tuple(row.links)
    )
    return Advisory(
        row.id,
        row.plugin_id,
        statement,
        row.by_staff,
        row.filed_at,
        row.changed_at,
        row.withdrawn_at,
        row.withdrawn_reason,
    )
