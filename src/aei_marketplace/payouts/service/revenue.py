"""The creator's revenue at a glance: this month so far, what it may come to, the months before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.work import Work
from aei_marketplace.ledger import service as ledger
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts.rules.forecasts import Forecast, forecast
from aei_marketplace.payouts.rules.statements import Account, Part, Statement, Whose
from aei_marketplace.payouts.service import earnings
from aei_marketplace.payouts.service.policies import find_thresholds
from aei_marketplace.payouts.store import statements as store

#: So many months does the chart show.
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Running:
    """A month that is not closed, in one currency.

    Attributes:
        account: opening and lines so far; nothing is paid of it yet.
        parts: by release, what earned most first.
        closes_at: when the month is due to be closed.
    """

    period: Period
    account: Account
    parts: Sequence[Part]
    forecast: Forecast | None
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Revenue:
    """A creator's revenue in one currency.

    Attributes:
        running: months that are not closed, the oldest first; the last is the present one.
        closed: statements of the last months, the oldest first.
        threshold: from which balance on is paid out.
    """

    currency: str
    running: Sequence[Running]
    closed: Sequence[Statement]
    threshold: int


async def revenue_of(work: Work) -> list[Revenue]:
    """The revenue of the actor's tenant, by currency.

    Raises:
        NotAllowed: the actor does not look after the tenant's money.
    """
    work.actor.require("spend.administer")
    creator = work.actor.in_tenant()
    closed = await store.last_of(work, creator, MONTHS)
    running = await _running(work, creator, closed)
    thresholds = await find_thresholds(work, [creator])
    return [
        Revenue(
            currency,
            running.get(currency, ()),
            closed.get(currency, ()),
            thresholds.of(Whose(creator, currency)),
        )
        for currency in sorted({*closed, *running})
    ]


async def _running(
    work: Work, creator: UUID, closed: Mapping[str, Sequence[Statement]]
) -> dict[str, list[Running]]:
    """The open months of each currency; the present one always, even when nothing happened in it."""
    found = await earnings.open_months(work, creator)
    newest = await ledger.newest_closed(work)
    back = await store.reversed_since(work, creator, None if newest is None else newest.first_day)
    present = Period.of(work.now)
    running: dict[str, list[Running]] = {}
    for currency in {*closed, *(currency for currency, _ in (*found, *back))}:
        opening = closed[currency][-1].account.closing if currency in closed else 0
        months = sorted({present, *(period for other, period in (*found, *back) if other == currency)})
        for period in months:
            lines = found.get((currency, period), {})
            account = Account(opening, lines, back.get((currency, period), 0))
            parts = await earnings.parts_of(work, Whose(creator, currency), period)
            ahead = forecast(account.total.net, period, work.now)
            running.setdefault(currency, []).append(Running(period, account, parts, ahead, period.closes_at))
            opening = account.payable
    return running
