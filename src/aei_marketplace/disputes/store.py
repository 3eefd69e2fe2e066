"""Every query about disputes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, func, insert, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.disputes.models import disputes, evidence, steps
from aei_marketplace.ground.work import Work

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
_OPENED = disputes.c.state == "opened"


def _held(wanted: Select[Any], *, skip_locked: bool = False) -> Select[Any]:
    """Rows held for a change of theirs; what refers to them is still written, evidence for one."""
    return wanted.with_for_update(key_share=True, skip_locked=skip_locked)


async def add(work: Work, values: Mapping[str, Any]) -> bool:
    """Write a dispute; False when there is one about the same already."""
    statement = upsert(disputes).values(**values).on_conflict_do_nothing()
    return (await work.run(statement)).rowcount == 1


async def find(work: Work, dispute_id: UUID, *, for_update: bool = False) -> Row[Any] | None:
    """A dispute."""
    wanted = select(disputes).where(disputes.c.id == dispute_id)
    return (await work.run(_held(wanted) if for_update else wanted)).first()


async def find_told(
    work: Work, provider: str, provider_dispute: str, sale_key: str, *, for_update: bool = False
) -> Row[Any] | None:
    """A dispute as its provider names it."""
    wanted = select(disputes).where(
        disputes.c.provider == provider,
        disputes.c.provider_dispute == provider_dispute,
        disputes.c.sale_key == sale_key,
    )
    return (await work.run(_held(wanted) if for_update else wanted)).first()


async def is_open(work: Work, sale_key: str, *kinds: str) -> bool:
    """Whether the actor sees an open dispute of one of these kinds about a sale."""
    open_one = exists().where(_OPENED, disputes.c.sale_key == sale_key, disputes.c.kind.in_(kinds))
    return bool((await work.run(select(open_one))).scalar_one())


async def find_page(
    work: Work, tenant: UUID | None, state: str | None, after: tuple[Any, UUID] | None, limit: int
) -> list[Row[Any]]:
    """Disputes, the newest first; one more than `limit` if there are more."""
    order = tuple_(disputes.c.opened_at, disputes.c.id)
    wanted = select(disputes).where(*_conditions(tenant, state))
    if after is not None:
        wanted = wanted.where(order < after)
    ordered = wanted.order_by(disputes.c.opened_at.desc(), disputes.c.id.desc())
    return list((await work.run(ordered.limit(limit + 1))).all())


async def count(work: Work, tenant: UUID | None, state: str | None) -> int:
    """How many there are."""
    wanted = select(func.count()).select_from(disputes).where(*_conditions(tenant, state))
    return int((await work.run(wanted)).scalar_one())


async def change(work: Work, dispute_id: UUID, version: int, values: Mapping[str, Any]) -> bool:
    """Change a dispute; False when it is not of this version any more."""
    one = update(disputes).where(disputes.c.id == dispute_id, disputes.c.version == version)
    return (await work.run(one.values(version=version + 1, **values))).rowcount == 1


async def hold(work: Work, dispute_id: UUID) -> None:
    """Have whoever else adds to a dispute wait until the work ends."""
    await work.run(_HOLD, {"name": f"dispute/{dispute_id}"})


async def add_step(work: Work, dispute_id: UUID, step: str, side: str, by: UUID | None) -> None:
    """Write what happened to a dispute; steps are counted one after the other, whoever takes them."""
    await hold(work, dispute_id)
    counted = select(func.count() + 1).where(steps.c.dispute_id == dispute_id).scalar_subquery()
    values = {"dispute_id": dispute_id, "number": counted, "step": step, "side": side}
    await work.run(insert(steps).values(at=work.now, by=by, **values))


async def steps_of(work: Work, dispute_id: UUID) -> Sequence[Row[Any]]:
    """What happened to a dispute, in order."""
    return (
        await work.run(select(steps).where(steps.c.dispute_id == dispute_id).order_by(steps.c.number))
    ).all()


async def add_evidence(work: Work, values: Mapping[str, Any]) -> None:
    """Write a piece of evidence."""
    await work.run(insert(evidence).values(**values))


async def evidence_of(work: Work, dispute_id: UUID) -> Sequence[Row[Any]]:
    """The evidence of a dispute that the actor may see, the oldest first."""
    wanted = select(evidence).where(evidence.c.dispute_id == dispute_id)
    return (await work.run(wanted.order_by(evidence.c.at, evidence.c.id))).all()


async def find_evidence(work: Work, dispute_id: UUID, evidence_id: UUID) -> Row[Any] | None:
    """A piece of evidence that the actor may see."""
    wanted = select(evidence).where(evidence.c.id == evidence_id, evidence.c.dispute_id == dispute_id)
    return (await work.run(wanted)).first()


async def unanswered(work: Work, due_before: datetime, limit: int) -> Sequence[Row[Any]]:
    """Open disputes whose evidence is due by then, of which the creator has shown nothing; held."""
    shown = exists().where(evidence.c.dispute_id == disputes.c.id, evidence.c.side == "creator")
    due = disputes.c.evidence_due_at.between(work.now, due_before)
    wanted = select(disputes).where(_OPENED, due, disputes.c.reminded_at.is_(None), ~shown)
    return (await work.run(_held(wanted.limit(limit), skip_locked=True))).all()


def _conditions(tenant: UUID | None, state: str | None) -> list[Any]:
    conditions = [] if state is None else [disputes.c.state == state]
    if tenant is not None:
        conditions.append(or_(disputes.c.buyer == tenant, disputes.c.creator == tenant))
    return conditions
