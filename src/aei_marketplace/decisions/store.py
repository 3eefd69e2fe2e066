"""Every query of the decisions."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    and_,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from aei_marketplace.decisions.models import case_appeals, case_decisions, case_tenants, cases
from aei_marketplace.decisions.rules.cases import Case, CaseState, Shown
from aei_marketplace.ground.work import Work

_JOIN = text("select decisions_join(:kind, :subject, :party, :due_at)")
#: Written out, so that the planner sees that the indexes of the open cases apply.
_IS_OPEN = cases.c.state.in_([literal_column("'waiting'"), literal_column("'claimed'")])


@dataclass(frozen=True, slots=True)
class Selection:
    """Which cases are wanted.

    Attributes:
        kinds: of these kinds only; None for all.
        tenant: that concern this tenant; None for all.
        claimed_by: held by this person; None for all.
    """

    shown: Shown
    kinds: Collection[str] | None = None
    tenant: UUID | None = None
    claimed_by: UUID | None = None


async def add(work: Work, case: Case) -> bool:
    """Write a new case down; False when its subject has an open one."""
    done = await work.run(insert_or_skip(cases).values(**asdict(case)).on_conflict_do_nothing())
    return done.rowcount == 1


async def join(work: Work, case: Case) -> UUID | None:
    """Join the open case about the same subject, which the tenant need not see before; None without one."""
    names = {"kind": case.kind, "subject": case.subject_id, "party": case.party, "due_at": case.due_at}
    joined: UUID | None = (await work.run(_JOIN, names)).scalar_one()
    return joined


async def find(work: Work, case_id: UUID) -> Case | None:
    """A case that the actor may see."""
    row = (await work.run(select(cases).where(cases.c.id == case_id))).first()
    return None if row is None else _case(row)


async def find_several(work: Work, ids: Collection[UUID]) -> list[Case]:
    """Those of these cases that the actor may see."""
    return [_case(row) for row in await work.run(select(cases).where(cases.c.id.in_(ids)))]


async def save(work: Work, before: Case, after: Case) -> bool:
    """Write a step down; False when somebody else made one meanwhile."""
    unchanged = and_(cases.c.id == before.id, cases.c.version == before.version)
    # What joining a case changes beside its steps stays as it is.
    values = {name: value for name, value in asdict(after).items() if value != getattr(before, name)}
    return (await work.run(update(cases).where(unchanged).values(**values))).rowcount == 1


async def add_decision(work: Work, case: Case) -> None:
    """Keep a decision for good."""
    values = {
        "case_id": case.id,
        "round": case.round,
        "verdict": case.verdict,
        "reason": case.reason,
        "decided_by": case.decided_by,
        "decided_at": case.decided_at,
    }
    await work.run(insert(case_decisions).values(**values))


async def add_appeal(work: Work, case_id: UUID, reason: str) -> None:
    """Keep the one appeal for good."""
    values = {"case_id": case_id, "reason": reason, "appealed_by": work.actor.id, "appealed_at": work.now}
    await work.run(insert(case_appeals).values(**values))


async def decisions_of(work: Work, case_id: UUID) -> Sequence[Row[Any]]:
    """The decisions of a case, the first one first."""
    mine = case_decisions.c.case_id == case_id
    return (await work.run(select(case_decisions).where(mine).order_by(case_decisions.c.round))).all()


async def appeal_of(work: Work, case_id: UUID) -> Row[Any] | None:
    """The appeal of a case."""
    return (await work.run(select(case_appeals).where(case_appeals.c.case_id == case_id))).first()


async def count(work: Work, wanted: Selection) -> int:
    """How many cases there are of those that are wanted."""
    counted = select(func.count()).select_from(cases).where(*_chosen(work, wanted))
    return int((await work.run(counted)).scalar_one())


async def find_page(
    work: Work, wanted: Selection, after: tuple[datetime, UUID] | UUID | None, limit: int
) -> list[Case]:
    """Cases, one more than `limit` if there are more: open ones by when they are due, others newest first.

    Args:
        after: the last case of the page before, as `(due_at, id)` of an open one, or by id.
    """
    chosen = select(cases).where(*_chosen(work, wanted))
    if wanted.tenant is None:
        page = _in_order(chosen, cases, after, by_due=wanted.shown.open)
    else:
        # A tenant's few cases are gathered first: walking the whole queue in order would find them last.
        few = chosen.cte("few").prefix_with("materialized")
        page = _in_order(select(few), few, after, by_due=wanted.shown.open)
    return [_case(row) for row in (await work.run(page.limit(limit + 1))).all()]


async def count_open(work: Work, kinds: Collection[str]) -> Sequence[Row[Any]]:
    """For each kind how many cases wait, are claimed and are overdue, and since when the oldest waits."""
    held = cases.c.claimed_until > work.now
    counts = select(
        cases.c.kind,
        func.count().filter(or_(cases.c.claimed_until.is_(None), ~held)).label("waiting"),
        func.count().filter(held).label("claimed"),
        func.count().filter(cases.c.due_at < work.now).label("overdue"),
        func.min(cases.c.queued_at).label("oldest"),
    )
    return (await work.run(counts.where(_IS_OPEN, cases.c.kind.in_(kinds)).group_by(cases.c.kind))).all()


def _chosen(work: Work, wanted: Selection) -> list[ColumnElement[bool]]:
    chosen = [_shown(work, wanted.shown)]
    if wanted.kinds is not None:
        chosen.append(cases.c.kind.in_(wanted.kinds))
    if wanted.tenant is not None:
        concerning = select(case_tenants.c.case_id).where(case_tenants.c.tenant_id == wanted.tenant)
        chosen.append(cases.c.id.in_(concerning))
    if wanted.claimed_by is not None:
        chosen.append(cases.c.claimed_by == wanted.claimed_by)
    return chosen


def _shown(work: Work, shown: Shown) -> ColumnElement[bool]:
    """A claim whose time is over holds nobody back: its case waits."""
    match shown:
        case Shown.OPEN:
            return _IS_OPEN
        case Shown.WAITING:
            lapsed = cases.c.claimed_until <= work.now
            return and_(_IS_OPEN, or_(cases.c.claimed_until.is_(None), lapsed))
        case Shown.CLAIMED:
            return and_(_IS_OPEN, cases.c.claimed_until > work.now)
        case _:
            return cases.c.state == str(shown)


def _in_order(
    query: Select[Any], source: FromClause, after: tuple[datetime, UUID] | UUID | None, *, by_due: bool
) -> Select[Any]:
    of = source.c
    if by_due:
        ordered = query.order_by(of.due_at, of.id)
        if isinstance(after, tuple):
            due_at, case_id = after
            later = or_(of.due_at > due_at, and_(of.due_at == due_at, of.id > case_id))
            ordered = ordered.where(of.due_at >= due_at, later)
        return ordered
    newest_first = query.order_by(of.id.desc())
    return newest_first.where(of.id < after) if isinstance(after, UUID) else newest_first


def _case(row: Row[Any]) -> Case:
    return Case(**{**row._mapping, "state": CaseState(row.state)})
