"""Proving the statements: each is recomputed from the lines, from the one before, and from the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass

from aei_marketplace.ground.work import Work, Works
from aei_marketplace.ledger import service as ledger
from aei_marketplace.ledger.service import Finding, Period
from aei_marketplace.payouts.rules.statements import Account, Figures, Statement, Whose, differences
from aei_marketplace.payouts.service import earnings
from aei_marketplace.payouts.store import closes
from aei_marketplace.payouts.store import statements as store

_JOB = "statements.verify"
#: So many findings are listed; statements that have more of them are wrong as a whole.
MOST_LISTED = 100
_EVERY_MONTH = 12 * 1_000


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found.

    Attributes:
        statements: how many were recomputed.
        findings: statements that say something else than what they are made of, at most a hundred.
    """

    statements: int
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the statements of a month are made of."""

    opening: Mapping[Whose, int]
    sums: Mapping[Whose, Mapping[str, Figures]]
    reversals: Mapping[Whose, int]
    balances: Mapping[Whose, int]

    def account(self, stated: Statement) -> Account:
        """A statement's account, recomputed; threshold and payout as they were decided."""
        whose, said = stated.whose, stated.account
        return Account(
            self.opening.get(whose, 0),
            self.sums.get(whose, {}),
            self.reversals.get(whose, 0),
            said.threshold,
            said.payout,
        )

    def everybody(self) -> set[Whose]:
        """Who has to have a statement."""
        return {*self.opening, *self.sums, *self.reversals}


async def verify_statements(works: Works) -> Proof:
    """Recompute every statement of every month that is closed to its end."""
    async with works.system(_JOB) as work:
        closed = [row for row in await closes.latest(work, _EVERY_MONTH) if row.statements_at is not None]
    findings: list[Finding] = []
    done = 0
    for row in reversed(closed):
        async with works.system(_JOB) as work:
            done += await _verify_month(work, Period.beginning(row.period), findings)
    return Proof(done, findings[:MOST_LISTED])


async def _verify_month(work: Work, period: Period, findings: list[Finding]) -> int:
    sources = await _sources(work, period)
    missing = sources.everybody()
    done = 0
    async for stated in store.all_of(work, period.first_day):
        done += 1
        missing.discard(stated.whose)
        findings += [_finding(period, stated.whose, detail) for detail in _faults(stated, sources)]
    findings += [_finding(period, whose, "there is no statement") for whose in sorted(missing, key=str)]
    for whose in await store.with_other_parts(work, period.first_day):
        findings.append(_finding(period, whose, "what it says of releases does not add up to it"))
    return done


async def _sources(work: Work, period: Period) -> _Sources:
    held = await ledger.balances(work, kind="creator", until=period)
    return _Sources(
        await store.carried(work, period.before.first_day),
        await earnings.sum_month(work, period),
        await store.reversed_in(work, period.first_day),
        {Whose(each.account.owner, each.account.currency): -each.amount for each in held},
    )


def _faults(stated: Statement, sources: _Sources) -> list[str]:
    faults = differences(stated.account, sources.account(stated))
    if (owed := sources.balances.get(stated.whose, 0)) != stated.account.payable:
        faults.append(f"payable: stated {stated.account.payable}, the ledger owes {owed}")
    return faults


def _finding(period: Period, whose: Whose, detail: str) -> Finding:
    return Finding("statement", f"{period} {whose.creator} {whose.currency}", detail)
