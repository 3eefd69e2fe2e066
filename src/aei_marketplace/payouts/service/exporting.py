"""Exports: the payout report, a bank run, the lines of a statement. Each is recorded before it begins."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import rfc3339
from aei_marketplace.ground.csv_lines import BOM, csv_line
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts.rules import reports
from aei_marketplace.payouts.rules.reports import Position
from aei_marketplace.payouts.rules.statements import Statement
from aei_marketplace.payouts.service.reading import Wanted, names_of, scope_of
from aei_marketplace.payouts.store import payouts as payout_store
from aei_marketplace.payouts.store import statements as store
from aei_marketplace.sales import service as sales

#: So many lines are read at once.
LINES_AT_ONCE = 500
#: Where a report goes on: month, creator's id, currency.
_After = tuple[date, UUID, str]


async def begin_report(work: Work, wanted: Wanted, position: Position | None) -> _After | None:
    """Record that the payout report is exported, and find where it goes on.

    Args:
        position: the last line that the caller has; None from the beginning.

    Raises:
        NotAllowed: the actor does not look after the tenant's money.
        NoSuchTenant: the position names a creator that the actor does not see.
    """
    scope_of(work.actor, wanted.creator)
    after = None
    if position is not None:
        creator = await accounts.find_tenant(work, position.creator)
        after = position.period.first_day, creator, position.currency
    context = {
        "form": "csv",
        "period": wanted.period and str(wanted.period),
        "currency": wanted.currency,
        "after": position and str(position),
    }
    work.record(Fact("payout.export", "payout_report", str(wanted.period or "all"), context=context))
    return after


async def report(
    works: Works, actor: Actor, trace_id: str, wanted: Wanted, after: _After | None, *, bom: bool = False
) -> AsyncIterator[bytes]:
    """The payout report as CSV, a few lines at a time; without its head where it goes on after a line.

    Args:
        after: as `begin_report` found it.
        bom: begin with a byte order mark, for programs that need one.
    """
    if after is None:
        yield (BOM if bom else b"") + csv_line(reports.COLUMNS)
    while True:
        async with works.begin(actor, trace_id) as work:
            whose = scope_of(actor, wanted.creator), wanted.first_day, wanted.currency
            rows = await store.report(work, *whose, after, LINES_AT_ONCE)
            names = await names_of(work, {row.creator for row in rows})
        if rows:
            yield b"".join(csv_line(reports.cells(row, names[row.creator].slug)) for row in rows)
        if len(rows) < LINES_AT_ONCE:
            return
        after = rows[-1].period.first_day, rows[-1].creator, rows[-1].currency


async def begin_bank_run(work: Work, period: Period) -> None:
    """Record that the released payouts of a month are exported.

    Raises:
        NotAllowed: the actor does not administer revenue.
        ProofNeeded: their last proof is too old.
    """
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    work.record(Fact("payout.export", "bank_run", str(period), context={"form": "csv"}))


async def bank_run(works: Works, actor: Actor, trace_id: str, period: Period) -> AsyncIterator[bytes]:
    """The payouts of a month that were released and of which nothing was heard, as CSV."""
    yield csv_line(reports.RUN_COLUMNS)
    after: UUID | None = None
    while True:
        async with works.begin(actor, trace_id) as work:
            batch = await payout_store.released(work, period.first_day, after, LINES_AT_ONCE)
            names = await names_of(work, {payout.creator for payout in batch})
        if batch:
            yield b"".join(
                csv_line(
                    (
                        str(payout.id),
                        str(payout.period),
                        names[payout.creator].slug,
                        names[payout.creator].name,
                        payout.currency,
                        payout.amount,
                        payout.withholding,
                        payout.transfer,
                        f"{payout.period} {names[payout.creator].slug}",
                    )
                )
                for payout in batch
            )
        if len(batch) < LINES_AT_ONCE:
            return
        after = batch[-1].id


async def begin_lines(work: Work, statement: Statement) -> None:
    """Record that the lines of a statement are exported, which the actor may read."""
    scope_of(work.actor)
    work.record(Fact("payout.export", "statement", str(statement.id), context={"form": "csv"}))


async def lines(
    works: Works, actor: Actor, trace_id: str, statement: Statement, *, bom: bool = False
) -> AsyncIterator[bytes]:
    """The lines that a statement adds up, as CSV: from them the creator recomputes it."""
    yield (BOM if bom else b"") + csv_line(reports.LINE_COLUMNS)
    whose, after = statement.whose, None
    while True:
        async with works.begin(actor, trace_id) as work:
            found = await sales.lines_after(
                work, whose.creator, whose.currency, statement.period, after, LINES_AT_ONCE
            )
        if found:
            yield b"".join(csv_line(_cells(line)) for line in found)
        if len(found) < LINES_AT_ONCE:
            return
        after = found[-1].id


def _cells(line: sales.CreatorLine) -> tuple[str | int | None, ...]:
    return (
        line.key,
        str(line.period),
        None if line.ref_period is None else str(line.ref_period),
        rfc3339(line.occurred_at),
        line.kind,
        line.plugin_id,
        line.version,
        line.currency,
        line.gross,
        line.fees,
        line.net,
    )
