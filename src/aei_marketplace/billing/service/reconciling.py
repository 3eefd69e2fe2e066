"""Reconciliation: a provider's books against invoices and ledger, for a month."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from aei_marketplace.billing.rules.reconciliation import Difference, Known, Sum, compare, compare_sales, sums
from aei_marketplace.billing.service.invoices import sales_of_many
from aei_marketplace.billing.store import invoices as invoice_store
from aei_marketplace.billing.store import payments as payment_store
from aei_marketplace.billing.store import provider_events as event_store
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.ports.billing import BillingProvider
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.ledger.errors import EntryUnfit
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.sales import service as sales

#: The two sides do not write at the same moment: so much before and after a month is looked at as well.
AROUND = timedelta(days=2)
#: So many invoices are compared with the ledger at once.
_AT_ONCE = 500
_KEYS_AT_ONCE = 5_000
#: So many events without an end are listed.
_MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Report:
    """What was compared, and what differs.

    Attributes:
        invoices: how many were paid in the month, by any way.
        transactions: how many movements the provider's books have in it.
        sums: by kind and currency, both sides.
    """

    provider: str
    period: Period
    invoices: int
    transactions: int
    sums: tuple[Sum, ...]
    differences: tuple[Difference, ...]

    def shape(self) -> dict[str, Any]:
        """In JSON, for programs."""
        return {
            "provider": self.provider,
            "period": str(self.period),
            "invoices": self.invoices,
            "transactions": self.transactions,
            "sums": [asdict(each) for each in self.sums],
            "differences": [asdict(each) for each in self.differences],
        }


@dataclass(frozen=True, slots=True)
class _Ours:
    known: tuple[Known, ...]
    invoices: int
    differences: tuple[Difference, ...]


def read_period(written: str) -> Period:
    """The month that is written as `2026-11`.

    Raises:
        Invalid: it is none.
    """
    try:
        return Period.read(written)
    except EntryUnfit as error:
        fault = Fault("period", "a month such as 2026-11")
        raise Invalid("That is no month.", faults=[fault]) from error


async def reconcile(
    works: Works, provider: BillingProvider, actor: Actor, period: Period, trace_id: str | None = None
) -> Report:
    """Compare a month. The provider is asked outside of any transaction.

    Raises:
        NotAllowed: the actor may not.
        ProviderRefused, Unavailable: the provider will not say, or does not answer.
    """
    since, until = (datetime.combine(p.first_day, time(), UTC) for p in (period, period.next))
    async with works.begin(actor, trace_id) as work:
        work.actor.require("revenue.administer")
        ours = await _ours(work, provider.name, since, until)
    theirs = await provider.list_transactions(since - AROUND, until + AROUND)
    return Report(
        provider.name,
        period,
        ours.invoices,
        sum(since <= each.occurred_at < until for each in theirs),
        tuple(sums(ours.known, theirs, since, until)),
        (*(compare(ours.known, theirs, since, until) if provider.online else ()), *ours.differences),
    )


async def _ours(work: Work, provider: str, since: datetime, until: datetime) -> _Ours:
    paid = await invoice_store.paid_between(work, since - AROUND, until + AROUND)
    within = [row for row in paid if since <= row.paid_at < until]
    known = [
        *await _payments(work, provider, paid),
        *await _refunds(work, provider, since - AROUND, until + AROUND),
        *await _disputes(work, provider, since - AROUND, until + AROUND),
    ]
    differences = [*await _unbooked(work, within), *await _unsettled(work, since, until)]
    return _Ours(tuple(known), len(within), tuple(differences))


async def _payments(work: Work, provider: str, paid: Sequence[Any]) -> list[Known]:
    rows = [row for row in paid if row.provider == provider]
    amounts = await payment_store.payments_found(work, [row.id for row in rows])
    return [
        Known("payment", row.reference, row.number, amounts.get(row.id, row.total), row.currency, row.paid_at)
        for row in rows
    ]


async def _refunds(work: Work, provider: str, since: datetime, until: datetime) -> list[Known]:
    rows = await payment_store.refunds_between(work, provider, since, until)
    return [
        Known("refund", r.reference or str(r.id), r.number, -r.amount, r.currency, r.created_at)
        for r in rows
        if r.state != "failed"
    ]


async def _disputes(work: Work, provider: str, since: datetime, until: datetime) -> list[Known]:
    found = []
    for row in await event_store.disputes_between(work, provider, since, until):
        moves = [(row.opened_at, -row.amount)]
        if row.state == "won":
            moves.append((row.settled_at, row.amount))
        found += [
            Known("dispute", row.dispute, row.number, amount, row.currency, at)
            for at, amount in moves
            if since <= at < until
        ]
    return found


async def _unbooked(work: Work, paid: Sequence[Any]) -> list[Difference]:
    """Sales of paid invoices that do not stand in the ledger as they were paid."""
    found: list[Difference] = []
    for start in range(0, len(paid), _AT_ONCE):
        ids = [row.id for row in paid[start : start + _AT_ONCE]]
        each = [sale for sold in (await sales_of_many(work, ids)).values() for sale in sold]
        sold = {sale.key: (sale.gross, sale.tax, sale.currency) for sale in each}
        booked = await _booked(work, list(sold))
        found += compare_sales(sold, booked)
    return found


async def _booked(work: Work, keys: Sequence[str]) -> dict[str, tuple[int, int, str]]:
    """Gross, tax and currency of sales as they are booked; an invoice may have a thousand of them."""
    booked: dict[str, tuple[int, int, str]] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        lines = await sales.sales_of(work, keys[start : start + _KEYS_AT_ONCE])
        booked |= {key: (line.gross, line.tax, line.currency) for key, line in lines.items()}
    return booked


async def _unsettled(work: Work, since: datetime, until: datetime) -> list[Difference]:
    rows = await event_store.list_events(work, ("pending", "parked", "rejected"), since, until, _MOST_EVENTS)
    return [
        Difference("unsettled", "event", row.event_id, label=f"{row.kind}: {row.reason or row.state}")
        for row in rows
    ]
