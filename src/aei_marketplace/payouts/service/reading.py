"""Reading statements and payouts: creators their own, finance staff all."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.service import TenantName
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.paging import Page, PageWanted, as_id, as_text
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts.errors import PayoutNotFound, StatementNotFound
from aei_marketplace.payouts.rules.payouts import Payout, State
from aei_marketplace.payouts.rules.statements import Part, Statement
from aei_marketplace.payouts.store import payouts as payout_store
from aei_marketplace.payouts.store import statements as store
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.service import CreatorLine

#: So many late lines stand on a statement itself.
LATE_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statements or payouts are asked for; None for all.

    Attributes:
        creator: for staff; creators get their own in any case.
    """

    period: Period | None = None
    currency: str | None = None
    creator: UUID | None = None
    state: State | None = None

    @property
    def first_day(self) -> date | None:
        """The month as the database keeps it."""
        return None if self.period is None else self.period.first_day


@dataclass(frozen=True, slots=True)
class Late:
    """What came late into a month.

    Attributes:
        lines: the first of it, at most `LATE_SHOWN`; all of it stands among the statement's lines.
        total: how many lines there are.
    """

    lines: Sequence[CreatorLine]
    total: int


@dataclass(frozen=True, slots=True)
class Step:
    """A state that a payout came into.

    Attributes:
        by: None for the marketplace itself.
    """

    state: State
    at: datetime
    by: UUID | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Total:
    """Payouts in one currency and state."""

    currency: str
    state: State
    count: int
    amount: int
    held: int


def reads(actor: Actor) -> bool:
    """Whether the actor may see payouts at all: for the navigation."""
    return actor.may("revenue.administer") or (actor.tenant is not None and actor.may("spend.administer"))


def scope_of(actor: Actor, creator: UUID | None = None) -> UUID | None:
    """Whose statements an actor reads: staff those of one creator or of all, everybody else their tenant's.

    Raises:
        NotAllowed: the actor does not look after the tenant's money.
    """
    if actor.may("revenue.administer"):
        return creator
    actor.require("spend.administer")
    return actor.in_tenant()


async def list_statements(work: Work, wanted: Wanted, page: PageWanted) -> Page:
    """Statements, the newest months first.

    Raises:
        NotAllowed: the actor does not look after the tenant's money.
        Invalid: the cursor is of another list.
    """
    whose = scope_of(work.actor, wanted.creator), wanted.first_day, wanted.currency
    rows = await store.find_page(work, *whose, page.position(_place), page.limit)
    return page.page(rows, await store.count(work, *whose), lambda s: [str(s.period), str(s.id)])


async def find_statement(work: Work, statement_id: UUID) -> Statement:
    """One statement.

    Raises:
        NotAllowed: the actor does not look after the tenant's money.
        StatementNotFound: there is none, or it is another creator's.
    """
    whose = scope_of(work.actor)
    found = await store.find(work, statement_id)
    if found is None or whose not in (None, found.whose.creator):
        raise StatementNotFound("There is no such statement.")
    return found


async def parts_of(work: Work, statement: Statement) -> list[Part]:
    """What a statement that the actor may read says of each release."""
    return await store.parts_of(work, statement.id)


async def list_payouts(work: Work, wanted: Wanted, page: PageWanted) -> Page:
    """Payouts, the newest months first; raises what `list_statements` raises."""
    whose = scope_of(work.actor, wanted.creator), wanted.first_day, wanted.state, wanted.currency
    rows = await payout_store.find_page(work, *whose, page.position(_place), page.limit)
    return page.page(rows, await payout_store.count(work, *whose), lambda p: [str(p.period), str(p.id)])


async def find_payout(work: Work, payout_id: UUID) -> Payout:
    """One payout.

    Raises:
        NotAllowed: the actor does not look after the tenant's money.
        PayoutNotFound: there is none, or it is another creator's.
    """
    whose = scope_of(work.actor)
    found = await payout_store.find(work, payout_id)
    if found is None or whose not in (None, found.creator):
        raise PayoutNotFound("There is no such payout.")
    return found


async def payouts_of(work: Work, statements: Sequence[Statement]) -> dict[UUID, Payout]:
    """The payouts of statements that the actor may read, by the statements' ids."""
    return await payout_store.of_statements(work, [each.id for each in statements]) if statements else {}


async def history_of(work: Work, payout_id: UUID) -> list[Step]:
    """The states that a payout went through, for staff.

    Raises:
        NotAllowed: the actor does not administer revenue.
    """
    work.actor.require("revenue.administer")
    rows = await payout_store.steps_of(work, payout_id)
    return [Step(State(row.state), row.at, row.by, row.reason) for row in rows]


async def totals(work: Work, period: Period | None) -> list[Total]:
    """How many payouts there are by currency and state, for staff.

    Raises:
        NotAllowed: the actor does not administer revenue.
    """
    work.actor.require("revenue.administer")
    rows = await payout_store.totals(work, Wanted(period).first_day)
    return [Total(r.currency, State(r.state), r.number, int(r.amount), r.held) for r in rows]


async def names_of(work: Work, creators: Collection[UUID]) -> dict[UUID, TenantName]:
    """What creators are called, of those that the actor may see; one that is unknown goes by its id."""
    found = await accounts.tenant_names(work, creators) if creators else {}
    return {id: found.get(id, TenantName(str(id), str(id))) for id in creators}


async def late_of(work: Work, statement: Statement) -> Late:
    """Lines of a statement that the actor may read which belong to an earlier month."""
    whose = statement.whose
    return Late(*await sales.late_lines(work, whose.creator, whose.currency, statement.period, LATE_SHOWN))


async def list_lines(work: Work, statement: Statement, page: PageWanted) -> Page:
    """The lines of a statement that the actor may read, in the order of their booking."""
    whose = statement.whose
    return await sales.lines_page(work, whose.creator, whose.currency, statement.period, page)


def _place(said: object) -> tuple[date, UUID]:
    match said:
        case [period, id]:
            return Period.read(as_text(period)).first_day, as_id(id)
    raise ValueError("not a month and an id")
