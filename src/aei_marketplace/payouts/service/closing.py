"""Closing a month, in steps that each commit; what is interrupted between two of them is carried on.

No step does anything twice: a statement is written once for each creator and currency, a draft comes with its
statement, and the ledger takes the reservation by the payout's key.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.ledger import service as ledger
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts.events import CloseAsked, MonthFinished
from aei_marketplace.payouts.rules.months import check_next, due_months
from aei_marketplace.payouts.rules.moving import reserve
from aei_marketplace.payouts.rules.payouts import Payout, State
from aei_marketplace.payouts.rules.statements import Figures, Statement, Whose, draw_up
from aei_marketplace.payouts.rules.thresholds import sweep_of
from aei_marketplace.payouts.service import earnings
from aei_marketplace.payouts.service.policies import find_thresholds
from aei_marketplace.payouts.store import closes
from aei_marketplace.payouts.store import payouts as payout_store
from aei_marketplace.payouts.store import statements as store

#: The job in whose name months are closed.
JOB = "payouts.close"
#: So many statements are written in one commit.
STATEMENTS_AT_ONCE = 1_000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Close:
    """How far the close of a month has come.

    Attributes:
        begun_by: the member of staff who asked for it; None when it was due.
        statements_at: when all statements were written.
        finished_at: when all payouts were reserved.
    """

    period: Period
    begun_at: datetime
    begun_by: UUID | None
    statements_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Month:
    """What the statements of a month are drawn up from."""

    period: Period
    begun_by: UUID | None
    opening: Mapping[Whose, int]
    sums: Mapping[Whose, Mapping[str, Figures]]
    reversals: Mapping[Whose, int]

    def whose(self) -> list[Whose]:
        """Everybody who gets a statement."""
        everybody = {*self.opening, *self.sums, *self.reversals}
        return sorted(everybody, key=lambda each: (each.creator, each.currency))


def _silent(_: str, __: int, ___: int) -> None:
    """Tells nobody."""


async def close_due(works: Works, progress: Progress = _silent) -> list[Period]:
    """Close every month that is due, the oldest first; those that were closed now."""
    async with works.system(JOB) as work:
        due = due_months(await _first_open(work), await _unfinished(work), work.now)
    for period in due:
        await close_month(works, period, progress=progress)
    return due


async def close_month(
    works: Works, period: Period, *, by: UUID | None = None, progress: Progress = _silent
) -> bool:
    """Close a month, or carry on where its close was interrupted.

    Args:
        by: the member of staff who asks for it.
        progress: told the step, how much of it is done, and of how much.

    Returns:
        Whether there was anything left to do.

    Raises:
        MonthNotOver: it is too early.
        MonthUnfinished: an older month comes first.
    """
    month = await _shut(works, period, by)
    if month is None:
        return False
    await _write_statements(works, month, progress)
    await _reserve(works, period, progress)
    return await _finish(works, period)


async def ask_close(work: Work, period: Period) -> None:
    """Have a month closed now, in the background; whoever asks approves none of its payouts.

    Raises:
        NotAllowed: the actor does not administer revenue.
        ProofNeeded: their last proof is too old.
        MonthNotOver, MonthUnfinished: as `close_month`.
    """
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    check_next(period, await _first_open(work), await _unfinished(work), work.now)
    assert work.actor.id is not None, "who holds an action of staff has an account"
    work.record(Fact("statement.ask_close", "period", str(period)))
    work.emit(CloseAsked(str(period), work.actor.id))


async def list_closes(work: Work, limit: int = 24) -> list[Close]:
    """How far the closes of the last months have come, the newest first."""
    return [
        Close(Period.beginning(row.period), row.begun_at, row.begun_by, row.statements_at, row.finished_at)
        for row in await closes.latest(work, limit)
    ]


async def next_close(work: Work) -> Period | None:
    """The month that is closed next; None while nothing happened at all."""
    return await _unfinished(work) or await _first_open(work)


async def _first_open(work: Work) -> Period | None:
    closed = await ledger.newest_closed(work)
    return await ledger.oldest_open(work) if closed is None else closed.next


async def _unfinished(work: Work) -> Period | None:
    day = await closes.unfinished(work)
    return None if day is None else Period.beginning(day)


async def _shut(works: Works, period: Period, by: UUID | None) -> _Month | None:
    """Close the month's books, and load what its statements say; None when it is closed to its end."""
    async with works.system(JOB) as work:
        work.actor.require("revenue.administer")
        await closes.hold(work)
        begun = await closes.find(work, period.first_day)
        if begun is None:
            check_next(period, await _first_open(work), await _unfinished(work), work.now)
            await ledger.close_period(work, period)
            await closes.begin(work, period.first_day, by)
        elif begun.finished_at is not None:
            return None
    async with works.system(JOB) as work:
        return _Month(
            period,
            by if begun is None else begun.begun_by,
            await store.carried(work, period.before.first_day),
            await earnings.sum_month(work, period),
            await store.reversed_in(work, period.first_day),
        )


async def _write_statements(works: Works, month: _Month, progress: Progress) -> None:
    everybody, done = month.whose(), 0
    for some in _slices(everybody):
        async with works.system(JOB) as work:
            await closes.hold(work)
            await _write_some(work, month, some)
        done += len(some)
        progress("statements", done, len(everybody))
    async with works.system(JOB) as work:
        await closes.mark(work, month.period.first_day, "statements_at")


def _slices(everybody: Sequence[Whose]) -> Iterator[Sequence[Whose]]:
    return (
        everybody[begin : begin + STATEMENTS_AT_ONCE]
        for begin in range(0, len(everybody), STATEMENTS_AT_ONCE)
    )


async def _write_some(work: Work, month: _Month, some: Sequence[Whose]) -> None:
    creators = {whose.creator for whose in some}
    written = await store.stated(work, month.period.first_day, creators)
    missing = [whose for whose in some if whose not in written]
    if not missing:
        return
    thresholds = await find_thresholds(work, creators)
    sweep = sweep_of(month.period, thresholds.december_sweep)
    drawn = [
        Statement(
            new_id(),
            month.period,
            whose,
            draw_up(
                month.opening.get(whose, 0),
                month.sums.get(whose, {}),
                month.reversals.get(whose, 0),
                thresholds.of(whose),
                sweep=sweep,
            ),
        )
        for whose in missing
    ]
    await store.add(work, drawn)
    ids = {statement.whose: statement.id for statement in drawn}
    parts = await earnings.sum_by_release(work, month.period, creators)
    await store.add_parts(work, [(ids[whose], part) for whose, part in parts if whose in ids])
    await _draft(work, [statement for statement in drawn if statement.account.payout], month.begun_by)


async def _draft(work: Work, statements: Sequence[Statement], by: UUID | None) -> None:
    if not statements:
        return
    drafts = [_draft_row(work, statement, by) for statement in statements]
    await payout_store.add_drafts(work, drafts)
    steps = [
        {"payout_id": each["id"], "number": 1, "state": State.DRAFT, "at": work.now, "by": by, "reason": None}
        for each in drafts
    ]
    await payout_store.add_steps(work, steps)
    for each, statement in zip(drafts, statements, strict=True):
        context = {
            "period": str(statement.period),
            "creator": str(statement.whose.creator),
            "currency": statement.whose.currency,
            "amount_minor": statement.account.payout,
        }
        work.record(Fact("payout.draft", "payout", str(each["id"]), context=context))


def _draft_row(work: Work, statement: Statement, by: UUID | None) -> dict[str, Any]:
    return {
        "id": new_id(),
        "statement_id": statement.id,
        "creator": statement.whose.creator,
        "currency": statement.whose.currency,
        "period": statement.period.first_day,
        "amount": statement.account.payout,
        "state": State.DRAFT,
        "drafted_by": by,
        "created_at": work.now,
        "state_changed_at": work.now,
        "version": 1,
    }


async def _reserve(works: Works, period: Period, progress: Progress) -> None:
    """Take what is paid from the balances, and have the payouts wait for the check of taxes."""
    done = 0
    while True:
        async with works.system(JOB) as work:
            drafts = await payout_store.some(work, State.DRAFT, period.first_day, ledger.MOST_AT_ONCE)
            if not drafts:
                return
            await _reserve_some(work, drafts)
        done += len(drafts)
        progress("payouts", done, 0)


async def _reserve_some(work: Work, drafts: Sequence[Payout]) -> None:
    await ledger.post(work, [reserve(draft) for draft in drafts])
    await payout_store.move_drafts(work, [draft.id for draft in drafts])
    steps = [
        {
            "payout_id": draft.id,
            "number": draft.version + 1,
            "state": State.TAX_CHECK,
            "at": work.now,
            "by": None,
            "reason": None,
        }
        for draft in drafts
    ]
    await payout_store.add_steps(work, steps)
    for draft in drafts:
        work.record(Fact("payout.check", "payout", str(draft.id), context={"amount_minor": draft.amount}))


async def _finish(works: Works, period: Period) -> bool:
    async with works.system(JOB) as work:
        if not await closes.mark(work, period.first_day, "finished_at"):
            return False
        statements = await store.count(work, None, period.first_day, None)
        payouts = await payout_store.count(work, None, period.first_day, None, None)
        context = {"statements": statements, "payouts": payouts}
        work.record(Fact("statement.close", "period", str(period), context=context))
        work.emit(MonthFinished(str(period), payouts))
    return True
