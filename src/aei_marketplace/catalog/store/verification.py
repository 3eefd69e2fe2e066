"""Domains by which publishers prove who they are."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import publisher_domains, publishers
from aei_marketplace.catalog.rules.verification import SOON, DomainProof, Method, ProofState
from aei_marketplace.ground.work import Work

_D = publisher_domains.c
_OPEN = _D.state.in_([ProofState.WAITING, ProofState.VERIFIED])


async def hold_publisher(work: Work, publisher_id: UUID) -> None:
    """Hold a publisher: its proofs, its mark and what it uses change one after the other."""
    # Not against those who only refer to it: two who each claimed a namespace would wait for one another.
    held = select(publishers.c.id).where(publishers.c.id == publisher_id).with_for_update(key_share=True)
    await work.run(held)


async def add(work: Work, proof: DomainProof) -> bool:
    """Begin to look for a proof; False when one by this domain is looked for or holds."""
    done = await work.run(insert(publisher_domains).values(**asdict(proof)).on_conflict_do_nothing())
    return done.rowcount == 1


async def of_publisher(work: Work, publisher_id: UUID) -> list[DomainProof]:
    """All proofs of a publisher, the newest first."""
    wanted = select(publisher_domains).where(_D.publisher_id == publisher_id)
    return [_proof(row) for row in await work.run(wanted.order_by(_D.created_at.desc(), _D.id.desc()))]


async def count_open(work: Work, publisher_id: UUID) -> int:
    """How many proofs of a publisher are looked for."""
    wanted = select(func.count()).select_from(publisher_domains).where(_D.publisher_id == publisher_id, _OPEN)
    return int((await work.run(wanted)).scalar_one())


async def remove(work: Work, proof_id: UUID) -> DomainProof | None:
    """Forget a proof of the actor's tenant; what it was, None when there is none."""
    mine = _D.id == proof_id, _D.tenant_id == work.actor.in_tenant()
    row = (await work.run(delete(publisher_domains).where(*mine).returning(publisher_domains))).first()
    return None if row is None else _proof(row)


async def take_due(work: Work, limit: int) -> Sequence[DomainProof]:
    """Proofs that have to be looked for now; nobody else takes them for some minutes."""
    due = select(_D.id).where(_D.next_check_at <= work.now).order_by(_D.next_check_at).limit(limit)
    taken = (
        update(publisher_domains)
        .where(_D.id.in_(due.with_for_update(skip_locked=True)))
        .values(next_check_at=work.now + SOON)
    )
    return [_proof(row) for row in await work.run(taken.returning(publisher_domains))]


async def save(work: Work, proof: DomainProof) -> bool:
    """Write how a proof stands after a look; False when it was forgotten or ended meanwhile."""
    values = {
        "state": proof.state,
        "problem": proof.problem,
        "checked_at": proof.checked_at,
        "expires_at": proof.expires_at,
        "next_check_at": proof.next_check_at,
    }
    done = await work.run(update(publisher_domains).where(_D.id == proof.id, _OPEN).values(**values))
    return done.rowcount == 1


async def mark_publisher(work: Work, publisher_id: UUID) -> None:
    """Bring the publisher's mark in line with its proofs; it keeps the moment of the first."""
    proven = select(_D.id).where(_D.publisher_id == publisher_id, _D.state == ProofState.VERIFIED).limit(1)
    is_proven = (await work.run(proven)).first() is not None
    wanted = update(publishers).where(publishers.c.id == publisher_id)
    marked = publishers.c.verified_at
    if is_proven:
        await work.run(wanted.where(marked.is_(None)).values(verified_at=work.now))
    else:
        await work.run(wanted.where(marked.is_not(None)).values(verified_at=None))


def _proof(row: Row[Any]) -> DomainProof:
    found = {field.name: row._mapping[field.name] for field in fields(DomainProof)}
    return DomainProof(**{**found, "method": Method(row.method), "state": ProofState(row.state)})
