"""Reading cases: staff see the queues that they decide, a tenant sees the cases that concern it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.decisions import store
from aei_marketplace.decisions.errors import CaseNotFound
from aei_marketplace.decisions.rules.cases import Case, Shown
from aei_marketplace.decisions.store import Selection
from aei_marketplace.ground.paging import Page, PageWanted, as_id, as_moment_and_id
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of a case."""

    round: int
    verdict: str
    reason: str
    decided_by: UUID | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Appeal:
    """The appeal of a case."""

    reason: str
    appealed_by: UUID | None
    appealed_at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """What was decided and appealed; the appeal is None for whom it does not concern."""

    decisions: tuple[Decision, ...]
    appeal: Appeal | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cases of a kind are open.

    Attributes:
        oldest: since when the oldest of them waits.
    """

    kind: str
    waiting: int
    claimed: int
    overdue: int
    oldest: datetime


async def find_case(work: Work, case_id: UUID) -> Case:
    """A case as it stands.

    Raises:
        CaseNotFound: there is none that the actor may see.
    """
    case = await store.find(work, case_id)
    if case is None:
        raise CaseNotFound(f"There is no case {case_id} that concerns you.")
    return case


async def find_cases(work: Work, ids: Collection[UUID]) -> dict[UUID, Case]:
    """Those of these cases that the actor may see, by id."""
    return {case.id: case for case in await store.find_several(work, ids)}


async def find_history(work: Work, case_id: UUID) -> History:
    """The decisions and the appeal of a case that was found before."""
    decisions = tuple(
        Decision(row.round, row.verdict, row.reason, row.decided_by, row.decided_at)
        for row in await store.decisions_of(work, case_id)
    )
    row = await store.appeal_of(work, case_id)
    return History(decisions, row and Appeal(row.reason, row.appealed_by, row.appealed_at))


async def list_queue(
    work: Work, page: PageWanted, *, decides: Collection[str], kind: str | None, shown: Shown, mine: bool
) -> tuple[Page, list[Tally]]:
    """The cases that staff decide, open ones by when they are due, others newest first; and what is open.

    Args:
        decides: the kinds that the actor decides; kinds without an open case are left out of the tallies.
        kind: cases of this one only; None for all of them.
        mine: only those that the actor holds.

    Raises:
        Invalid: the cursor is of another list.
    """
    tallies = [
        Tally(r.kind, r.waiting, r.claimed, r.overdue, r.oldest)
        for r in await store.count_open(work, decides)
    ]
    kinds = decides if kind is None else (kind,)
    wanted = Selection(shown, kinds, claimed_by=work.actor.id if mine else None)
    total = None
    if shown is Shown.OPEN and not mine:  # counted already, and counting a long queue is what takes time
        total = sum(t.waiting + t.claimed for t in tallies if t.kind in kinds)
    return await _page(work, page, wanted, total), tallies


async def list_own(
    work: Work, page: PageWanted, *, kind: str | None = None, shown: Shown = Shown.OPEN
) -> Page:
    """The cases that concern the actor's tenant, in the same order.

    Raises:
        NotAllowed: the actor acts in no tenant.
        Invalid: the cursor is of another list.
    """
    kinds = None if kind is None else (kind,)
    return await _page(work, page, Selection(shown, kinds, tenant=work.actor.in_tenant()))


async def _page(work: Work, page: PageWanted, wanted: Selection, total: int | None = None) -> Page:
    shown = wanted.shown
    rows = await store.find_page(work, wanted, _position(page, shown), page.limit)
    counted = await store.count(work, wanted) if total is None else total
    return page.page(rows, counted, lambda case: _after(case, shown))


def _after(case: Case, shown: Shown) -> list[str]:
    return [case.due_at.isoformat(), str(case.id)] if shown.open else [str(case.id)]


def _position(page: PageWanted, shown: Shown) -> tuple[datetime, UUID] | UUID | None:
    return page.position(as_moment_and_id) if shown.open else page.position(_only_id)


def _only_id(said: object) -> UUID:
    match said:
        case [case_id]:
            return as_id(case_id)
    raise ValueError("not one id")
