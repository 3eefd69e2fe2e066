"""Disputes as their sides see them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.disputes import store
from aei_marketplace.disputes.errors import DisputeNotFound
from aei_marketplace.disputes.rules.cases import Dispute, Kind, Side, State, side_of
from aei_marketplace.disputes.rules.evidence import Evidence
from aei_marketplace.ground.paging import Page, PageWanted, as_moment_and_id
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class Happened:
    """One step of a dispute."""

    step: str
    side: Side
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """A dispute with what happened to it, as far as the actor may see it.

    Attributes:
        side: on which the actor stands.
        evidence: their own side's; all to staff.
    """

    dispute: Dispute
    side: Side
    steps: Sequence[Happened]
    evidence: Sequence[Evidence]


async def list_disputes(work: Work, wanted: PageWanted, state: State | None = None) -> Page:
    """Disputes, the newest first: those of the actor's tenant, or all of them for staff.

    Raises:
        NotAllowed: the actor may not.
        Invalid: the cursor is of another list.
    """
    _require_reader(work)
    rows = await store.find_page(
        work, work.actor.tenant, state, wanted.position(as_moment_and_id), wanted.limit
    )
    total = await store.count(work, work.actor.tenant, state)
    return wanted.page(
        [dispute_of(row) for row in rows], total, lambda d: [d.opened_at.isoformat(), str(d.id)]
    )


async def find_dispute(work: Work, dispute_id: UUID) -> Dispute:
    """A dispute of the actor's tenant, or any for staff.

    Raises:
        NotAllowed: the actor may not.
        DisputeNotFound: there is none that they see.
    """
    _require_reader(work)
    return await read_dispute(work, dispute_id)


async def history_of(work: Work, dispute_id: UUID) -> History:
    """A dispute with its steps and the evidence that the actor may see.

    Raises:
        NotAllowed, DisputeNotFound: as `find_dispute`.
    """
    dispute = await find_dispute(work, dispute_id)
    steps = [Happened(row.step, Side(row.side), row.at) for row in await store.steps_of(work, dispute_id)]
    shown = [evidence_of(row) for row in await store.evidence_of(work, dispute_id)]
    return History(dispute, side_of(dispute, work.actor.tenant), steps, shown)


async def read_dispute(work: Work, dispute_id: UUID) -> Dispute:
    """A dispute, for whoever has shown that they may see it.

    Raises:
        DisputeNotFound: there is none.
    """
    return _found(await store.find(work, dispute_id))


async def held_dispute(work: Work, dispute_id: UUID) -> Dispute:
    """A dispute that nobody else changes until the work ends.

    Raises:
        DisputeNotFound: there is none that the actor may change.
    """
    return _found(await store.find(work, dispute_id, for_update=True))


def evidence_of(row: Row[Any]) -> Evidence:
    """A row of evidence as a value."""
    values = {name: row._mapping[name] for name in Evidence.__slots__}
    return Evidence(**{**values, "side": Side(row.side)})


def dispute_of(row: Row[Any]) -> Dispute:
    """A row of a dispute as a value."""
    values = {name: row._mapping[name] for name in Dispute.__slots__}
    kinds = {"kind": Kind(row.kind), "opened_by": Side(row.opened_by), "state": State(row.state)}
    return Dispute(**{**values, **kinds})


def dispute_shape(dispute: Dispute, side: Side) -> dict[str, Any]:
    """A dispute for programs. A creator is not told who bought."""
    shown = asdict(dispute)
    if side is Side.CREATOR:
        for hidden in ("buyer", "invoice_id", "credit_note_id"):
            del shown[hidden]
    return {**shown, "side": side}


def _require_reader(work: Work) -> None:
    work.actor.require("spend.administer" if work.actor.tenant else "revenue.administer")


def _found(row: Row[Any] | None) -> Dispute:
    if row is None:
        raise DisputeNotFound("There is no such dispute.")
    return dispute_of(row)
